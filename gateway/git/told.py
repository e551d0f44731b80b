"""What a push tells its agent, as lines that git shows behind `remote:`; pure.

Every reason with its code and its remedy, then the id under which the log has it. Never a reason for the operator.
"""

from decision.model import Deny, Hold, Reason
from gateway.refusals import Refusal, refusal_of

_NAME = "doorless"


def refused_text(denied: Deny | Hold, decision: str) -> str:
    """A denial with all its reasons."""
    refusal = refusal_of(denied, decision)
    count = len(refusal.reasons)
    head = (
        f"{_NAME}: this push is refused, for {count} reason{'' if count == 1 else 's'} (decision {decision})"
    )
    return "\n".join((head, *(line for reason in refusal.reasons for line in _reason(reason)))) + "\n"


def accepted_text(decision: str, place: int) -> str:
    """An allow that took effect; `place` is that of its entry in the log."""
    return f"{_NAME}: allowed and published\nDoorless-Receipt: {decision} #{place}\n"


def failed_text(refusal: Refusal) -> str:
    """A push that was allowed, or that never came to a question, and then failed."""
    head = f"{_NAME}: nothing was published (decision {refusal.decision})"
    return "\n".join((head, *(line for reason in refusal.reasons for line in _reason(reason)))) + "\n"


def progress_text(text: str) -> str:
    """One line of progress, whatever it holds made printable."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return f"{_NAME}: {shown[:200]}"


def _reason(reason: Reason) -> tuple[str, str]:
    return f"  {reason.message} [{reason.code}]", f"    {reason.remedy}"
