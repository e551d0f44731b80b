"""Every reason that the documentation names, and where its remedy ends when it is followed to the letter."""

import re

import pytest

from gateway.request import Stamp
from tests.clients.rig import ClientRig
from tests.clients.walks import (
    DOCS,
    Walk,
    action,
    answered,
    body,
    by_operator,
    closed,
    data,
    declare_more,
    defect,
    flaw,
    grant_problem,
    growing_body,
    hold,
    later,
    log_away,
    nobody,
    nothing_here,
    opa_away,
    operators,
    rate,
    scope,
    secret_returned,
    secret_sent,
    tokens,
    unknown_role,
    unready,
    upstream_away,
    upstream_babbling,
    upstream_silent,
)
from tests.clients.walks_history import (
    held_after_denials,
    sensitive_read_beside_write,
    write_after_sensitive_read,
)
from tests.clients.walks_holds import body_unread, in_the_moment, said_no, too_many, used
from tests.clients.walks_outputs import budget, jury_says, not_validated, output, schema_says_no, undecided

STAMP = Stamp(id="d-1", now=1_763_890_000)
UNKNOWN_OBLIGATION = (
    b'{"result": {"version": "1", "allow": true, "reasons": [], "hold": null, "cacheable_s": 0,'
    b' "obligations": [{"id": "x", "type": "dance", "properties": {}}]}}'
)
WALKS: dict[str, tuple[Walk, str]] = {
    "caller.token_expired": (nobody("caller.token_expired", STAMP), "allow"),
    "caller.workflow_ended": (nobody("caller.workflow_ended", STAMP), "allow"),
    "decision_invalid": (answered("decision_invalid", 200, b'{"result": {"allow": true}}'), "operator"),
    "gateway_defect": (defect, "operator"),
    "grant.revoked": (in_the_moment("grant.revoked"), "person"),
    "hold.body_unread": (body_unread, "person"),
    "hold.changed": (in_the_moment("hold.changed"), "person"),
    "hold.policy_changed": (in_the_moment("hold.policy_changed"), "person"),
    "hold.refused": (said_no, "allow"),
    "hold.too_many": (too_many, "person"),
    "hold.used": (used, "allow"),
    "hold_no_approver": (hold, "person"),
    "log_unavailable": (later("log_unavailable", log_away), "allow"),
    "obligation_failed": (unready, "operator"),
    "obligation_unsupported": (answered("obligation_unsupported", 200, UNKNOWN_OBLIGATION), "operator"),
    "pdp_error": (answered("pdp_error", 500, b"{}"), "operator"),
    "pdp_unavailable": (later("pdp_unavailable", opa_away), "allow"),
    "pdp_undefined": (answered("pdp_undefined", 200, b"{}"), "operator"),
    "rate_limited": (rate, "allow"),
    "request.action_not_granted": (action, "allow"),
    "request.body_too_large": (body, "allow"),
    "request.data_not_granted": (data, "allow"),
    "request.held_after_denials": (held_after_denials, "person"),
    "request.input_incomplete": (operators("request.input_incomplete"), "operator"),
    "request.irreversible": (hold, "person"),
    "request.not_found": (nothing_here, "allow"),
    "request.role_unknown": (unknown_role, "allow"),
    "request.route_mismatch": (
        by_operator("request.route_mismatch", {"method": "POST"}, lambda roles, services: (roles, services)),
        "allow",
    ),
    "request.route_unknown": (
        by_operator("request.route_unknown", {"route": "more"}, declare_more),
        "allow",
    ),
    "request.output_invalid": (
        output("request.output_invalid", "Mend the document and send it again", schema_says_no),
        "allow",
    ),
    "request.output_not_judged": (
        output("request.output_not_judged", "Try again shortly", jury_says("absent")),
        "allow",
    ),
    "request.output_not_validated": (not_validated, "allow"),
    "request.output_undecided": (undecided, "person"),
    "request.output_vetoed": (
        output("request.output_vetoed", "Change what you propose", jury_says("veto")),
        "allow",
    ),
    "request.scope_not_in_token": (scope, "allow"),
    "request.token_budget": (budget, "allow"),
    "request.secret_outbound": (secret_sent, "allow"),
    "request.sensitive_read_beside_write": (sensitive_read_beside_write, "allow"),
    "request.service_not_granted": (
        by_operator("request.service_not_granted", {"role": "hurried-gh"}, grant_problem),
        "allow",
    ),
    "request.write_after_sensitive_read": (write_after_sensitive_read, "allow"),
    "request.…": (flaw, "allow"),
    "token.input_incomplete": (operators("token.input_incomplete"), "operator"),
    "token.not_an_agent": (
        tokens("token.not_an_agent", {"role": "persons"}, "a role that is an agent's", {"role": "client"}),
        "allow",
    ),
    "token.nothing_granted": (
        tokens("token.nothing_granted", {"role": "bare"}, "Give the role actions", {"role": "bare"}),
        "allow",
    ),
    "token.role_unknown": (
        tokens("token.role_unknown", {"role": "ghost"}, "with a role of roles.yaml", {"role": "client"}),
        "allow",
    ),
    "token.scope_wider": (
        tokens("token.scope_wider", {"only": ("complete",)}, "Ask for less (--only)", {"only": ("read",)}),
        "allow",
    ),
    "token.ttl_out_of_range": (
        tokens("token.ttl_out_of_range", {"ttl_s": 3601}, "with a --ttl between 1s and 1h", {"ttl_s": 3600}),
        "allow",
    ),
    "upstream.failed": (later("upstream.failed", upstream_babbling), "allow"),
    "upstream.secret_returned": (secret_returned, "allow"),
    "upstream.timeout": (later("upstream.timeout", upstream_silent), "allow"),
    "upstream.unreachable": (later("upstream.unreachable", upstream_away), "allow"),
    "verdict.hold_conflict": (operators("verdict.hold_conflict"), "operator"),
    "verdict.not_granted": (operators("verdict.not_granted"), "operator"),
}
ALSO = {"channel_closed": (closed, "allow"), "request.body_too_large (as it grows)": (growing_body, "allow")}


ELSEWHERE = ("change.", "jury.", "request.door_closed")
"""No client's one call: the corpus of changes walks each to its nearest harmless neighbour, the jury asks for itself, and
`tests/gateway/git/test_doors.py` goes through every door that a shut one names."""


def documented() -> set[str]:
    """The codes in the tables of both pages."""
    found: set[str] = set()
    for page, column in (("refusals.md", 1), ("policies.md", 0)):
        for line in (DOCS / page).read_text().splitlines():
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if (
                line.startswith("| ")
                and len(cells) >= 4
                and (column == 0 or cells[0].split(",")[0].isdigit())
            ):
                found.update(re.findall(r"`((?:[a-z]+\.)?[a-z_…]+)`", cells[column]))
    return {code for code in found if ("_" in code or "." in code) and not code.startswith(ELSEWHERE)}


def test_every_documented_reason_is_walked() -> None:
    """The table of walks has exactly the codes of docs/policies.md and docs/refusals.md.

    With `gateway_defect` missing on the page, as it was, this failed.
    """
    assert documented() == WALKS.keys()


@pytest.mark.parametrize("code", [*WALKS, *ALSO])
def test_a_remedy_followed_to_the_letter_leads_on(rig: ClientRig, code: str) -> None:
    """What the remedy says is done, and ends in an allow or with a person; where it is the operator's it says so.

    With the rule's own remedy on a hold that nobody can approve ("Wait until this very call is approved") the walk of
    request.irreversible failed; with `Retry-After` a second short that of rate_limited did.
    """
    walk, end = {**WALKS, **ALSO}[code]
    assert walk(rig) == end
