"""The proof that an entry is durable. Nothing but `audit.client` can make one.

A receipt is the parameter that an effect asks for ("record, then act"), so forging one must not be easy to do
by accident. Three things stand in the way:

* `Receipt(...)` wants a `Mint`, and mypy knows no expression of that type: `Mint.__init__` takes a `Never`.
* At run time `Mint(...)` raises. `claim_mint` hands out the only one, once; `audit.client` claims it on import.
* A receipt cannot be pickled or made by `dataclasses.replace`.

What remains is reaching for the client's private name, which a reviewer sees. Fakes in tests do exactly that.
"""

from dataclasses import InitVar, dataclass
from typing import Final, Never, final


@final
class Mint:
    """The right to make receipts. There is one, and `audit.client` holds it."""

    __slots__ = ()

    def __init__(self, nobody: Never) -> None:
        """Always raises: see `claim_mint`."""
        raise TypeError(f"nobody makes a mint ({nobody!r}): receipts come from audit.client")


@final
@dataclass(frozen=True, slots=True)
class Receipt:
    """One entry is durable in the log.

    seq: the entry's place in the log, counted from 0.
    entry_id: the decision that the entry is or belongs to; "" for an event.
    sha256: digest of the entry's canonical bytes.
    """

    seq: int
    entry_id: str
    sha256: bytes
    mint: InitVar[Mint]

    def __post_init__(self, mint: Mint) -> None:
        """Refuse whatever is not the one mint."""
        if mint is not _MINT:
            raise TypeError("a receipt comes from audit.client, after the entry became durable")

    def __reduce__(self) -> Never:
        """Refuse to be pickled: unpickling would be a second birthplace."""
        raise TypeError("a receipt is a fact of this process and is not pickled")


_MINT: Final[Mint] = object.__new__(Mint)
_claims: Final[list[str]] = []


def claim_mint(holder: str) -> Mint:
    """The one mint, for the first caller. Raises RuntimeError for every later one."""
    if _claims:
        raise RuntimeError(f"the mint of receipts is held by {_claims[0]}, {holder} cannot have it")
    _claims.append(holder)
    return _MINT
