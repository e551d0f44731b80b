"""The one seam between those who need a decision and whatever answers it; types only.

A decider never raises for what policy or its engine did: every failure is a `Deny` with a code.
"""

from typing import Protocol

from decision.jury import JuryQuestion
from decision.model import Decision, Deny, gateway_denial
from decision.question import ChangeQuestion, Question, RequestQuestion, TokenQuestion

# Constants of ours: a path built from request data would be Rego injection (CVE-2025-46569).
REQUEST_PATH = "/v1/data/request/decision"
TOKEN_PATH = "/v1/data/token/decision"  # noqa: S105 - a path
CHANGE_PATH = "/v1/data/change/decision"
JURY_PATH = "/v1/data/jury/decision"
BATCH_PATH = "/v1/data/batch/request"

DEADLINE_S = 0.25
"""How long a question may wait for its answer, in seconds; then it is denied."""

CHANGE_DEADLINE_S = 5.0
"""The same for a question about a change, whose facts may be megabytes."""

MAX_ANSWER_BYTES = 1 << 20
"""The longest answer that is read; decision documents are some hundred bytes."""

UNREACHED = "The policy engine cannot be reached, or did not answer in time."
BAD_EXCHANGE = "The policy engine broke off or garbled its answer."
TOO_LONG = "The policy engine's answer is longer than any decision."


class Decider(Protocol):
    """Asks policy one question and returns its decision."""

    async def ask(self, question: Question) -> Decision:
        """The decision; a `Deny` with a `pdp_…` or `decision_…` code where policy gave none."""
        ...

    async def close(self) -> None:
        """Give back what the decider holds; what is still asked is denied."""
        ...


def path_of(question: Question) -> str:
    """Where a question is asked."""
    match question:
        case RequestQuestion():
            return REQUEST_PATH
        case TokenQuestion():
            return TOKEN_PATH
        case ChangeQuestion():
            return CHANGE_PATH
        case JuryQuestion():
            return JURY_PATH


class Closed:
    """The decider of a policy engine that must not be asked: it denies everything."""

    async def ask(self, question: Question) -> Decision:  # noqa: ARG002 - the interface
        """Deny with `pdp_unavailable`."""
        return unavailable("No policy engine is running.")

    async def close(self) -> None:
        """Hold nothing, give back nothing."""


def unavailable(message: str) -> Deny:
    """The denial for a policy engine that cannot be reached or does not answer in time."""
    return gateway_denial(
        "pdp_unavailable",
        message,
        "Try again shortly: the policy engine restarts by itself.",
        retry="retry",
    )


def engine_error(message: str) -> Deny:
    """The denial for a policy engine that answered something that is no answer."""
    return gateway_denial(
        "pdp_error",
        message,
        "Ask the operator of this gateway; the decision id finds the cause in its log.",
        retry="retry",
    )
