"""A value that must never be seen: it prints, compares and logs as redacted.

The only way to the bytes is `reveal`, which is called where a credential is put into a request.
"""

import hmac
from typing import NoReturn


class Secret:
    """A secret that redacts itself.

    Promises: `str`, `repr` and formatting give `<redacted>`; it cannot be pickled; equality is constant-time.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself. Call it as late as possible and keep no copy."""
        return self._value

    def __repr__(self) -> str:
        return "<redacted>"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return format("<redacted>", format_spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")
