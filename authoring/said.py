"""What a decision comes to, in a form that two of them can be compared in; pure.

A recorded decision and an answer of policy are brought to the same form: the word, the rules that spoke, and what it
obliges to. Texts of reasons are not compared: they may be worded better without anything being decided otherwise.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, assert_never

import msgspec

from decision.model import Allow, Decision, Deny, Hold, Terms

Word = Literal["allow", "deny", "hold"]
What = Literal["decision", "obligations", "reasons"]

_encoder = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Said:
    """One decision: its word, the rules of its reasons in order, and its obligations as canonical JSON in order.

    `obligations` is None where the log does not hold them: a check owes nothing, so nothing was recorded.
    """

    decision: Word
    rules: tuple[str, ...]
    obligations: tuple[str, ...] | None

    @property
    def shown(self) -> str:
        """For people: `deny (request.rules.action_not_granted)`."""
        return f"{self.decision} ({', '.join(self.rules)})" if self.rules else self.decision


def said_by(decision: Decision) -> Said:
    """What an answer of policy comes to."""
    return Said(_word(decision), _rules(reason.rule for reason in decision.reasons), _owed(decision.terms))


def said_in_log(
    decision: Word, rules: Iterable[str], obligations: Iterable[tuple[str, dict[str, Any]]] | None
) -> Said:
    """What a recorded decision comes to. `obligations` are pairs of type and properties.

    What the issuer adds to a hold, that nobody can approve it yet, is not policy's and left out.
    """
    owed = None if obligations is None else tuple(sorted(_line(kind, of) for kind, of in obligations))
    return Said(decision, _rules(rule for rule in rules if not rule.startswith("issuer.")), owed)


def difference(before: Said, after: Said) -> What | None:
    """The most important thing in which they differ; None where they are the same."""
    if before.decision != after.decision:
        return "decision"
    if None not in {before.obligations, after.obligations} and before.obligations != after.obligations:
        return "obligations"
    return "reasons" if before.rules != after.rules else None


def rules_between(before: Said, after: Said) -> tuple[str, ...]:
    """The rules that speak in one of them alone; where there are none, those that speak in both."""
    apart = set(before.rules) ^ set(after.rules)
    return tuple(sorted(apart)) or before.rules


def _word(decision: Decision) -> Word:
    match decision:
        case Allow():
            return "allow"
        case Deny():
            return "deny"
        case Hold():
            return "hold"
        case _ as never:
            assert_never(never)


def _rules(rules: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(rules)))


def _owed(terms: Terms) -> tuple[str, ...]:
    owed: list[tuple[str, dict[str, Any]]] = []
    if terms.credential is not None:
        owed.append(("inject_credential", {"ref": terms.credential}))
    for rate in terms.rate_limits:
        each = {"key": rate.key, "limit": rate.limit, "window_s": rate.window_s, "cost": rate.cost}
        owed.append(("rate_limit", each))
    if terms.max_body_bytes is not None:
        owed.append(("max_body_bytes", {"limit": terms.max_body_bytes}))
    if terms.timeout_ms is not None:
        owed.append(("timeout_ms", {"limit": terms.timeout_ms}))
    for token in terms.tokens:
        each_token = {"audience": token.audience, "scope": list(token.scope), "ttl_s": token.ttl_s}
        owed.append(("issue_token", each_token))
    return tuple(sorted(_line(kind, of) for kind, of in owed))


def _line(kind: str, properties: dict[str, Any]) -> str:
    return f"{kind} {_encoder.encode(properties).decode()}"
