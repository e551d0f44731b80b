"""The one failure of the benchmark: it could not measure. What happened, and what to do about it."""


class CannotMeasure(Exception):
    """No figure would be right. The text says why, and `remedy` what to do."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.remedy = remedy
