"""Who is behind one channel: a small cell whose caller is replaced in one assignment when tokens are renewed."""

from gateway.caller import Caller


class Tenant:
    """The workflow of one channel. Its name and role never change; its caller is gone after the end."""

    __slots__ = ("caller", "role", "workflow")

    def __init__(self, caller: Caller) -> None:
        self.workflow = caller.workflow
        self.role = caller.role
        self.caller: Caller | None = caller

    def end(self) -> None:
        """From here on nobody is identified by this channel."""
        self.caller = None
