"""Every probe there is. A probe that is not here is never tried; a test looks for strays."""

from typing import Final

from proof.frame import Probe
from proof.probes.approvals import APPROVALS
from proof.probes.changes import CHANGES
from proof.probes.ends import ENDS
from proof.probes.faults import FAULTS
from proof.probes.files import FILES
from proof.probes.host import HOST
from proof.probes.http import HTTP
from proof.probes.improvement import LOG
from proof.probes.jury import JURORS, JURY
from proof.probes.network import NETWORK
from proof.probes.processes import PROCESSES
from proof.probes.proposals import PROPOSALS
from proof.probes.secrets import SECRETS
from proof.probes.tokens import TOKENS

PROBES: Final[tuple[Probe, ...]] = (
    *NETWORK,
    *HOST,
    *FILES,
    *PROCESSES,
    *HTTP,
    *TOKENS,
    *SECRETS,
    *CHANGES,
    *APPROVALS,
    *JURY,
    *JURORS,
    *LOG,
    *PROPOSALS,
    *FAULTS,
    *ENDS,
)
