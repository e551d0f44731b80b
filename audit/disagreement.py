"""What a log that does not hold together is told with.

Pure: one exception, so that whoever checks a part of the log can say what disagrees without knowing the whole.
"""


class LogDisagrees(Exception):
    """The first thing that disagrees: its number (None where it is a signature or a file), its place, what is wrong.

    `offset` is a place in the journal in bytes; -1 for what is sealed.
    """

    def __init__(self, *, seq: int | None, place: str, what: str, offset: int = -1) -> None:
        super().__init__(f"{place}: {what}" if seq is None else f"record {seq} ({place}): {what}")
        self.seq = seq
        self.place = place
        self.offset = offset
        self.what = what
