"""What an agent is told where a person could have approved its call, and no approval counts; pure. With the limits."""

from decision.model import Deny, gateway_denial
from gateway.holding.holds import Hold

MAX_BODY_BYTES = 1_048_576
"""The largest body of a call that can be held: it is read whole, and its digest is what a person approves."""
MAX_KEPT_BYTES = 131_072
"""The largest body of a call that a person's approval makes: it is kept beside the log until then."""
MOST_OF_WORKFLOW = 100
"""How many holds one workflow may have at a time: more than that no person reads."""
UNREAD = gateway_denial(
    "hold.body_unread",
    f"A person must approve this call, and its body did not arrive whole or has over {MAX_BODY_BYTES} bytes.",
    "Send less in one request.",
)
TOO_MANY = gateway_denial(
    "hold.too_many",
    f"A person must approve this call, and {MOST_OF_WORKFLOW} calls of this workflow wait already.",
    "Wait until some of them are approved, refused or over.",
)
SPENT = gateway_denial(
    "hold.used",
    "The approval of this call was used just now, by the same call sent at the same time.",
    "Look at what that call answered; a further one needs an approval of its own.",
)
REVOKED = gateway_denial(
    "grant.revoked",
    "The standing grant that this call rested on was taken back just now.",
    "Send the request again: it will wait for an approval of its own.",
    retry="retry",
)
VOID = gateway_denial(
    "hold.policy_changed",
    "The policy has changed since this call was approved, so the approval is void.",
    "Send the request again: it will wait for a new approval.",
    retry="retry",
)
CHANGED = gateway_denial(
    "hold.changed",
    "What would be done is not what was approved: a branch moved since, so the approval is void.",
    "Look at the change as it is now, and send the request again for it: it will wait for a new approval.",
)


def refused(hold: Hold) -> Deny:
    """The denial of a call that a person refused, with that person's reason."""
    said = hold.refusal.reason if hold.refusal is not None else ""
    return gateway_denial(
        "hold.refused",
        f"A person refused this call: {said or 'no reason was given'}.",
        "Leave it; ask for something else, or let the one who gave you this task speak to that person.",
    )
