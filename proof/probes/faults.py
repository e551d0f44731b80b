"""Fail-closed: each part killed and stopped while requests go on, and policies that break or take away."""

import signal
from typing import Final

from proof.catalogue import PRISONER
from proof.fault_probe import ChangeProbe, Fault, FaultProbe

_KILL, _STOP, _GO_ON = signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT
_OPA: Final = ("run", "--server")
_AUDIT: Final = ("-m", "audit")
_ISSUER: Final = ("-m", "issuer")
_GATEWAY: Final = ("-m", "gateway")


def _without_prisoner(text: str) -> str:
    return text.replace(f"  {PRISONER}:", "  renamed:")


def _without_read(text: str) -> str:
    return text.replace("actions: [read]", "actions: [write]")


def _granting_but_broken(text: str) -> str:
    """Grants more, and cannot be read."""
    return text.replace("data: [words]", "data: [words, others]") + "\n  broken: [\n"


def _granting_the_unknown(text: str) -> str:
    """Grants more, and names what nobody declared."""
    return text.replace("data: [words]", "data: [words, others, undeclared]")


FAULTS: Final = (
    FaultProbe(
        "policy-stopped", "nothing passes while policy does not answer", Fault(_OPA, _STOP, _GO_ON), True, 3
    ),
    FaultProbe("policy-killed", "nothing passes undecided when policy dies", Fault(_OPA, _KILL), False, 40),
    FaultProbe(
        "log-stopped", "nothing passes while nothing can be recorded", Fault(_AUDIT, _STOP, _GO_ON), True, 2
    ),
    FaultProbe(
        "log-killed", "nothing passes unrecorded when the log's writer dies", Fault(_AUDIT, _KILL), False, 40
    ),
    FaultProbe(
        "issuer-stopped",
        "nothing passes unrecorded while the issuer is silent",
        Fault(_ISSUER, _STOP, _GO_ON),
        False,
        5,
    ),
    FaultProbe(
        "issuer-killed",
        "nothing passes unrecorded when the issuer dies",
        Fault(_ISSUER, _KILL),
        False,
        20,
        ends=True,
    ),
    FaultProbe(
        "gateway-killed",
        "nothing passes at all without the gateway",
        Fault(_GATEWAY, _KILL),
        True,
        5,
        ends=True,
    ),
    ChangeProbe(
        "role-removed",
        "a role that is no more is granted nothing",
        _without_prisoner,
        "/{service}/m/{mark}",
        True,
    ),
    ChangeProbe(
        "grant-removed", "a grant that is taken away is gone", _without_read, "/{service}/m/{mark}", True
    ),
    ChangeProbe(
        "policy-broken",
        "a file that cannot be read grants nothing",
        _granting_but_broken,
        "/{service}/other/{mark}",
        False,
    ),
    ChangeProbe(
        "policy-unknown",
        "a file that names what does not exist grants nothing",
        _granting_the_unknown,
        "/{service}/other/{mark}",
        False,
    ),
)
