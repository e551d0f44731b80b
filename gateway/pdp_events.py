"""What the policy engine's supervisor reports, as log events."""

from decision.pdp_model import (
    CanaryFailed,
    PdpClosed,
    PdpEvent,
    PdpRestarted,
    PolicyActivated,
    PolicyRefused,
)
from gateway.record import Recorder

SHOWN_ERRORS = 5


class PdpReporter:
    """Writes events of the policy engine into the log. Raises `LogUnavailable`, which keeps a change from happening."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def __call__(self, event: PdpEvent) -> None:
        """Record one event."""
        match event:
            case PolicyActivated(revision=revision):
                await self._recorder.event("policy.activated", revision=revision)
            case PolicyRefused(errors=errors):
                shown = "\n".join(str(error) for error in errors[:SHOWN_ERRORS])
                await self._recorder.event("policy.refused", errors=shown, count=len(errors))
            case PdpRestarted(revision=revision, reason=reason, attempts=attempts):
                await self._recorder.event(
                    "pdp.restarted", revision=revision, reason=reason, attempts=attempts
                )
            case CanaryFailed(revision=revision, message=message):
                await self._recorder.event("pdp.canary_failed", revision=revision, message=message)
            case PdpClosed(revision=revision, reason=reason):
                await self._recorder.event("pdp.closed", revision=revision, reason=reason)
