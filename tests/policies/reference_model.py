"""What the shipped policies mean, written from docs/policies.md in plain Python and not from the Rego.

Reads `roles.yaml` and `services.yaml` as they are written, never the compiled tables, so that a mistake in compiling
them shows too. Deny is below hold, hold below allow.
"""

from collections.abc import Collection
from enum import IntEnum
from typing import Any

Written = dict[str, Any]
"""A YAML file as plain dictionaries and lists."""

DEFAULT_BODY_BYTES = 1_048_576
LONGEST_S = 3600
CALL_TEXTS = (
    "workflow",
    "role",
    "service",
    "route",
    "action",
    "data",
    "method",
    "path",
    "query",
    "content_type",
    "call_sha256",
    "performed_by",
    "started_by",
    "body_sha256",
)
CALL_FACTS = {
    *("version", "now", "scope", "params", "body_bytes", "scan", "approval", "validation", "tokens_spent"),
    "history",
    *CALL_TEXTS,
}
HISTORY_FACTS = 9
CONSEQUENTIAL = {"create-pr", "alert-team"}
TOKEN_FACTS = {"version", "now", "workflow", "role", "only", "ttl_s", "renewal"}


class Verdict(IntEnum):
    """What is answered; a greater one allows more."""

    DENY = 0
    HOLD = 1
    ALLOW = 2


def judge(
    roles: Written, services: Written, call: Written, sensitive: Collection[str] = frozenset()
) -> Verdict:
    """What a call gets: a grant, no denial, and a person's yes where it cannot be undone."""
    if not call_is_complete(call):
        return Verdict.DENY
    role, service = roles.get(call["role"]), services.get(call["service"])
    if role is None or service is None or call["service"] not in role["services"]:
        return Verdict.DENY
    route = service["routes"].get(call["route"])
    if route is None or not _described_as_declared(call, route) or not may(role, route):
        return Verdict.DENY
    if (
        over_budget(role, call)
        or call["scan"]
        or word(route) not in call["scope"]
        or call["body_bytes"] > body_limit(role, service)
        or _carries_out(call, sensitive)
    ):
        return Verdict.DENY
    of_output = output_verdict(route.get("output", ""), call)
    if of_output is not Verdict.ALLOW and route.get("irreversible", False):
        # A person would have to approve it twice, on different terms.
        return Verdict.DENY
    limit = role.get("limits", {}).get("hold_after_denials")
    after_denials = limit is not None and call["history"]["denials_in_a_row"] >= limit
    held = route.get("irreversible", False) or (after_denials and of_output is Verdict.ALLOW)
    return Verdict.HOLD if held else of_output


def _carries_out(call: Written, sensitive: Collection[str]) -> bool:
    """Whether what was read of a sensitive class could leave: a write after reading it, or reading it beside one."""
    writes = call["action"] != "read"
    after = writes and any(name in sensitive for name in call["history"]["data_read"])
    reads = not writes or call["method"] in {"GET", "HEAD"}
    beside = any(action != "read" for action in call["history"]["under_way"])
    return after or (call["data"] in sensitive and reads and beside)


def over_budget(role: Written, call: Written) -> bool:
    """Whether the workflow or its role has spent all the tokens that it may."""
    limits, spent = role.get("limits", {}), call["tokens_spent"]
    budgets = {"max_tokens_per_workflow": "workflow", "max_tokens_per_day": "role_today"}
    return any(key in limits and spent[fact] >= limits[key] for key, fact in budgets.items())


def output_verdict(output: str, call: Written) -> Verdict:
    """What the validation of a body comes to, where it takes effect as `output`."""
    if not output:
        return Verdict.ALLOW
    found = call["validation"]
    if found["schema"] != "passed" or found["type"] != output or len(call["body_sha256"]) != 64:
        return Verdict.DENY
    if found["jury"] == "veto":
        return Verdict.DENY
    if output not in CONSEQUENTIAL or found["jury"] == "passed":
        return Verdict.ALLOW
    return Verdict.HOLD if found["jury"] in {"no_verdict", "not_configured"} else Verdict.DENY


def tokens(roles: Written, services: Written, question: Written) -> dict[str, set[str]] | None:
    """The scope words of each token that a workflow is given, by service; `None` where it is denied."""
    if not token_question_is_complete(question) or not 1 <= question["ttl_s"] <= LONGEST_S:
        return None
    role = roles.get(question["role"])
    if role is None:
        return None
    whole = {name: words_of(role, services[name]) for name in role["services"]}
    asked = set(question["only"])
    if not asked <= set().union(*whole.values()):
        return None
    given = {name: words & asked if asked else words for name, words in whole.items()}
    return {name: words for name, words in given.items() if words} or None


def words_of(role: Written, service: Written) -> set[str]:
    """Every scope word that a role has on a service: of routes that exist, and of no others."""
    return {word(route) for route in service["routes"].values() if may(role, route)}


def word(route: Written) -> str:
    """`action:data`, or the action alone."""
    return f"{route['action']}:{route['data']}" if route.get("data") else str(route["action"])


def may(role: Written, route: Written) -> bool:
    """Actions times data, within one service."""
    data = route.get("data")
    return route["action"] in role["actions"] and (not data or data in role.get("data", []))


def body_limit(role: Written, service: Written) -> int:
    """The smaller limit of both."""
    of_service: int = service.get("limits", {}).get("max_body_bytes", DEFAULT_BODY_BYTES)
    of_role: int = role.get("limits", {}).get("max_body_bytes", of_service)
    return min(of_service, of_role)


def call_is_complete(call: Any) -> bool:
    """Every fact is there and of its type, and no other is."""
    if not isinstance(call, dict) or set(call) != CALL_FACTS:
        return False
    params = call["params"]
    return (
        call["version"] == "1"
        and _whole(call["now"])
        and _whole(call["body_bytes"])
        and call["body_bytes"] >= -1
        and all(isinstance(call[name], str) for name in CALL_TEXTS)
        and _texts(call["scope"])
        and _texts(call["scan"])
        and (call["approval"] is None or isinstance(call["approval"], dict))
        and validation_is_complete(call["validation"])
        and isinstance(call["tokens_spent"], dict)
        and all(_whole(call["tokens_spent"].get(name)) for name in ("workflow", "role_today"))
        and history_is_complete(call["history"])
        and isinstance(params, dict)
        and all(isinstance(text, str) for text in params.values())
    )


def validation_is_complete(found: Any) -> bool:
    """The three states as text, and what is wrong as a list of texts; more is not looked at."""
    return (
        isinstance(found, dict)
        and all(isinstance(found.get(name), str) for name in ("type", "schema", "jury"))
        and _texts(found.get("problems"))
    )


def history_is_complete(found: Any) -> bool:
    """Nine facts; each is looked at by the rule that rests on it."""
    return isinstance(found, dict) and len(found) == HISTORY_FACTS


def token_question_is_complete(question: Any) -> bool:
    """The same for a question for tokens."""
    return (
        isinstance(question, dict)
        and set(question) == TOKEN_FACTS
        and question["version"] == "1"
        and _whole(question["now"])
        and _whole(question["ttl_s"])
        and isinstance(question["workflow"], str)
        and isinstance(question["role"], str)
        and _texts(question["only"])
        and isinstance(question["renewal"], bool)
    )


def _described_as_declared(call: Written, route: Written) -> bool:
    declared = (route["action"], route.get("data") or "", route["method"])
    return (call["action"], call["data"], call["method"]) == declared


def _whole(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)
