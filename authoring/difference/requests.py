"""Calls and tokens that a search asks about: every role at every route, its values at their boundaries."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from authoring.difference.subject import Subject, Variation
from authoring.difference.terms import example_path
from authoring.difference.words import Words
from decision.canary_questions import STRANGER
from decision.catalogue import Route
from decision.config import Configuration
from decision.output import EXAMPLE_SHA256, passing
from decision.question import History, RequestQuestion, TokenQuestion, TokensSpent
from decision.route_template import Parameter, parse_template

NOW = 1_763_890_000
"""A Sunday morning, UTC."""
_HOUR = 3600
_WORKFLOW = "wf-search"
_SOMEBODY = "somebody"
_SCHEMAS = ("passed", "failed", "absent")
_JURIES = ("passed", "veto", "no_verdict", "absent", "not_configured")


def requests(configuration: Configuration, words: Words) -> Iterator[Subject]:
    """Every role, and one that there is not, at every route."""
    for role in (*configuration.roles, STRANGER):
        grants = configuration.compiled["grants"].get(role, {})
        for service in configuration.catalogue.services.values():
            for route in service.routes:
                granted = route.scope_word in grants.get(service.name, {})
                document = msgspec.to_builtins(_request(role, route))
                example = {
                    "role": role,
                    "service": service.name,
                    "method": route.method,
                    "path": document["path"],
                }
                variations = (
                    _variations(configuration, role, route, words) if granted else _in_vain(configuration)
                )
                named = tuple(_named(route, words))
                yield Subject("request", document, example, tuple(variations), named, paired=granted)


def tokens(configuration: Configuration) -> Iterator[Subject]:
    """Every role asks for all it has, for each word of it, and for one that nobody has."""
    for role in (*configuration.roles, STRANGER):
        grants = configuration.compiled["grants"].get(role, {})
        every = sorted({word for of in grants.values() for word in of})
        question = TokenQuestion(now=NOW, workflow=_WORKFLOW, role=role, only=(), ttl_s=300, renewal=False)
        variations: list[Variation] = [{"only": [word]} for word in (*every, STRANGER)]
        variations += [{"ttl_s": seconds} for seconds in (0, 1, 3600, 3601)]
        variations.append({"renewal": True})
        example = {"role": role, "asks for": "tokens"}
        yield Subject("token", msgspec.to_builtins(question), example, tuple(variations))


def approval(template: str, person: str, **more: Any) -> dict[str, Any]:
    """What a person said of the call of digest zero, a moment ago."""
    return {
        "hold": "h-search",
        "template": template,
        "approvers": [person],
        "call_sha256": EXAMPLE_SHA256,
        "nonce": "n",
        "approved_at": NOW - 1,
        "expires_at": NOW + 600,
        "revision_matches": True,
        "standing": False,
        **more,
    }


def approvals(configuration: Configuration) -> Iterator[Variation]:
    """A call that was approved under each name by one who may, beforehand too; and by one who may not."""
    for template, of in configuration.compiled["approvals"].items():
        for person in (*list(of["approvers"])[:1], _SOMEBODY):
            given = approval(template, person)
            yield {"approval": given, "call_sha256": EXAMPLE_SHA256}
            yield {"approval": given, "call_sha256": EXAMPLE_SHA256, "performed_by": person}
            yield {"approval": given | {"standing": True}, "call_sha256": EXAMPLE_SHA256}


def _request(role: str, route: Route) -> RequestQuestion:
    parameters = [part for part in parse_template(route.path) if isinstance(part, Parameter)]
    return RequestQuestion(
        now=NOW,
        workflow=_WORKFLOW,
        role=role,
        scope=(route.scope_word,),
        service=route.service,
        route=route.id,
        action=route.action,
        data=route.data,
        method=route.method,
        path=example_path(route),
        params={part.name: "x" for part in parameters},
        query="",
        body_bytes=0,
        content_type="application/json" if route.output else "",
        body_sha256=EXAMPLE_SHA256 if route.output else "",
        validation=passing(route.output),
    )


def _variations(configuration: Configuration, role: str, route: Route, words: Words) -> Iterator[Variation]:
    """What could make a granted call another one."""
    limits: Mapping[str, Any] = configuration.compiled["body_limits"].get(role, {}).get(route.service, {})
    largest = limits.get(route.id, route.max_body_bytes)
    for scope in ([], [STRANGER]):
        yield {"scope": scope}
    for size in sorted({-1, 1, largest, largest + 1, *words.numbers}):
        yield {"body_bytes": size}
    for kind in ("", "text/plain", "application/json"):
        yield {"content_type": kind}
    yield {"query": "a=b"}
    yield {"scan": ["search"]}
    yield {"workflow": "wf-another"}
    for hours in range(0, 24 * 7, 7):
        yield {"now": NOW + hours * _HOUR}
    yield from _validations(route)
    yield from approvals(configuration)
    yield from _spent(configuration, role, words)
    yield from _histories(configuration, role, words)


def _named(route: Route, words: Words) -> Iterator[Variation]:
    """What the rules themselves name."""
    for number in words.numbers:
        yield {"now": number}
    for text in words.texts:
        yield {"query": text}
        yield {"workflow": text}
        if "/" in text:
            yield {"content_type": text}
    yield from _parameters(route, words)


def _in_vain(configuration: Configuration) -> Iterator[Variation]:
    """What could let through a call that no role data grants."""
    for variation in approvals(configuration):
        if "performed_by" in variation:
            yield variation


def _validations(route: Route) -> Iterator[Variation]:
    if not route.output:
        return
    for schema in _SCHEMAS:
        for jury in _JURIES:
            found = {"type": route.output, "schema": schema, "jury": jury, "problems": []}
            yield {"validation": found}
    yield {"validation": msgspec.to_builtins(passing(f"{route.output}-other"))}


def _spent(configuration: Configuration, role: str, words: Words) -> Iterator[Variation]:
    of = configuration.compiled["roles"].get(role, {})
    limits = [of[key] for key in ("max_tokens_per_workflow", "max_tokens_per_day") if key in of]
    for spent in sorted({number for limit in limits for number in (limit - 1, limit)} | set(words.numbers)):
        yield {"tokens_spent": msgspec.to_builtins(TokensSpent(workflow=spent))}
        yield {"tokens_spent": msgspec.to_builtins(TokensSpent(role_today=spent))}


def _histories(configuration: Configuration, role: str, words: Words) -> Iterator[Variation]:
    limit = configuration.compiled["roles"].get(role, {}).get("hold_after_denials", 3)
    for number in sorted({1, limit - 1, limit, *words.numbers}):
        denied = History(requests=number, denials=number, denials_in_a_row=number)
        yield {"history": msgspec.to_builtins(denied)}
        yield {"history": msgspec.to_builtins(History(requests=number, allowed=number, bytes_sent=number))}
    known = sorted(
        {route.data for of in configuration.catalogue.services.values() for route in of.routes if route.data}
    )
    for data in known:
        yield {
            "history": msgspec.to_builtins(History(requests=1, allowed=1, data=(data,), data_read=(data,)))
        }
    for service in configuration.catalogue.services:
        yield {"history": msgspec.to_builtins(History(requests=1, allowed=1, services=(service,)))}
    for action in sorted(
        {route.action for of in configuration.catalogue.services.values() for route in of.routes}
    ):
        yield {"history": msgspec.to_builtins(History(requests=1, under_way=(action,)))}


def _parameters(route: Route, words: Words) -> Iterator[Variation]:
    """Each parameter with the texts that the rules name, in the path too."""
    parts = parse_template(route.path)
    names = [part.name for part in parts if isinstance(part, Parameter)]
    for name in names:
        for text in (each for each in words.texts if each and "/" not in each):
            params = {other: text if other == name else "x" for other in names}
            path = "/".join(params[part.name] if isinstance(part, Parameter) else part.text for part in parts)
            yield {"params": params, "path": f"/{path}"}
