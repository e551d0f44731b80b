"""Every damage there is, and the probes that no damage can make cry here; values."""

from collections.abc import Mapping
from typing import Final

from tests.proof.damage import Damage
from tests.proof.damages_approvals import APPROVALS
from tests.proof.damages_changes import CHANGES
from tests.proof.damages_jury import JURY
from tests.proof.damages_log import LOG
from tests.proof.damages_parts import PARTS
from tests.proof.damages_room import SANDBOX
from tests.proof.damages_tokens import TOKENS
from tests.proof.damages_wire import WIRE

DAMAGES: Final[tuple[Damage, ...]] = (*SANDBOX, *WIRE, *TOKENS, *CHANGES, *APPROVALS, *JURY, *LOG, *PARTS)

NEVER_SEEN: Final[Mapping[str, str]] = {
    "socket-alg": "its control is absent: this kernel has no AF_ALG",
    "socket-sctp": "its control is absent: this kernel has no SCTP",
    "module": "its control is absent: this kernel shows no module's file to anybody",
}
"""Probes that have not been seen leaking, and why. They count as absent where this was written."""
