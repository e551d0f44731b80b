"""What a decision obliges the gateway to, settled before it is recorded: a recorded decision is the final one.

An obligation that cannot be performed makes a denial; each attempt is counted under its rate limits.
"""

from decision.model import Allow, Decision, Deny, Hold, gateway_denial
from gateway.call import Call
from gateway.caller import Caller
from gateway.credentials import WORKFLOW_JWT, Credentials
from gateway.limits import Exceeded, RateLimits, count_attempt


class Obligations:
    """Checks and counts what policy demands of one call."""

    def __init__(self, credentials: Credentials, limits: RateLimits) -> None:
        self._credentials = credentials.names()
        self._limits = limits

    def settle(self, decision: Decision, call: Call, caller: Caller) -> tuple[Decision, Exceeded | None]:
        """The decision as it will be recorded and followed, and the rate limit that it went over, if any."""
        match decision:
            case Allow() if not self._performable(decision.terms.credential, call, caller):
                decision = gateway_denial(
                    "obligation_failed",
                    "The credential that this call needs is not available to the gateway.",
                    "Ask the operator of this gateway to configure it; the decision id finds the cause in its log.",
                )
            case Allow() | Deny() | Hold():
                pass
        return count_attempt(decision, self._limits)

    def _performable(self, reference: str | None, call: Call, caller: Caller) -> bool:
        if reference == WORKFLOW_JWT:
            return call.service.name in caller.grants
        return reference is None or reference in self._credentials
