"""Generated roles, catalogues and questions, and the real OPA that judges many worlds in one evaluation.

Everything is drawn from one seeded source, so that a failure is found again by its seed.
"""

import copy
import json
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from decision.config import load_policies
from tests.policies.asking import POLICIES
from tests.policies.reference_model import Verdict, Written, body_limit, word, words_of

ROLES = ("reader", "writer", "helper")
SERVICES = ("notes", "mail", "build")
ACTIONS = ("read", "write", "send", "erase")
DATA = ("plain", "private", "keys")
METHODS = ("GET", "POST", "DELETE")
STRANGE: tuple[Any, ...] = (
    None,
    True,
    1.5,
    7,
    "",
    "other",
    [],
    ["other"],
    {},
    {"other": "x"},
    [7],
    {"x": 7},
    "2",
)


# `tables` and `asked` have names of their own because OPA 1.22 passes over a `with` in a comprehension whose value is a
# reference into one of the comprehension's variables; with plain variables it does what it says.
_QUERY = """x := [{"calls": calls, "tokens": tokens} |
  some world in input.worlds
  tables := world.compiled
  asked := {"calls": world.calls}
  calls := data.batch.request with input as asked with data.compiled as tables
  tokens := [token |
    some question in world.tokens
    token := data.token.decision with input as question with data.compiled as tables
  ]
]"""


@dataclass(frozen=True)
class World:
    """One configuration as it is written in the two files, and what is asked in it."""

    roles: Written
    services: Written
    calls: list[Any]
    tokens: list[Any]
    marked: tuple[str, ...] = ()
    """Data classes that are sensitive, as long as a route names them."""

    @property
    def sensitive(self) -> list[str]:
        """Those that a route names."""
        routes = (route for service in self.services.values() for route in service["routes"].values())
        named = {route.get("data") for route in routes}
        return [data for data in self.marked if data in named]

    def with_calls(self, calls: list[Any]) -> "World":
        """The same configuration, asked something else."""
        return replace(self, calls=calls, tokens=[])


@dataclass(frozen=True)
class Judged:
    """OPA's answers in one world, in the order of the questions."""

    calls: list[Verdict]
    tokens: list[dict[str, set[str]] | None]


def worlds(seed: int, count: int, calls: int) -> list[World]:
    """So many worlds with so many calls each, and a tenth as many questions for tokens."""
    draw = random.Random(seed)
    return [_world(draw, calls) for _ in range(count)]


def judged(opa: Path, asked: list[World], folder: Path, policies: Path = POLICIES) -> list[Judged]:
    """What OPA answers, with each world compiled from files as a home's would be; `folder` holds them."""
    document = {
        "worlds": [
            {"compiled": _compiled(world, folder), "calls": world.calls, "tokens": world.tokens}
            for world in asked
        ]
    }
    options = ["--ignore", "*_test.rego", "--stdin-input", "--format", "json"]
    arguments = [str(opa), "eval", "--data", str(policies), *options, _QUERY]
    done = subprocess.run(arguments, input=json.dumps(document), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answers = json.loads(done.stdout)["result"][0]["bindings"]["x"]
    return [
        Judged(
            [_verdict(answer["calls"][str(number)]) for number in range(len(world.calls))],
            [_given(document) for document in answer["tokens"]],
        )
        for world, answer in zip(asked, answers, strict=True)
    ]


def _verdict(document: Written) -> Verdict:
    if document["allow"] is True:
        return Verdict.ALLOW
    return Verdict.HOLD if document["hold"] is not None else Verdict.DENY


def _given(document: Written) -> dict[str, set[str]] | None:
    if document["allow"] is not True:
        return None
    issued = [one["properties"] for one in document["obligations"] if one["type"] == "issue_token"]
    return {one["audience"]: set(one["scope"]) for one in issued}


def _compiled(world: World, folder: Path) -> Written:
    (folder / "roles.yaml").write_text(yaml.safe_dump({"roles": world.roles}))
    (folder / "services.yaml").write_text(
        yaml.safe_dump({"services": world.services, "sensitive": world.sensitive})
    )
    return load_policies(folder).compiled


def _world(draw: random.Random, calls: int) -> World:
    services = {name: _service(draw) for name in draw.sample(SERVICES, draw.randint(1, 3))}
    declared = [route for service in services.values() for route in service["routes"].values()]
    actions = sorted({route["action"] for route in declared})
    data = sorted({route["data"] for route in declared if "data" in route})
    roles: Written = {}
    for name in draw.sample(ROLES, draw.randint(1, 3)):
        roles[name] = {
            "services": draw.sample(sorted(services), draw.randint(1, len(services))),
            "actions": draw.sample(actions, draw.randint(1, len(actions))),
            "data": draw.sample(data, draw.randint(0, len(data))),
        }
        if draw.random() < 0.4:
            roles[name]["limits"] = {"max_body_bytes": draw.randint(0, 200)}
        if draw.random() < 0.2:
            budget = draw.choice(["max_tokens_per_workflow", "max_tokens_per_day"])
            roles[name].setdefault("limits", {})[budget] = draw.choice([1, 60, 6000])
        if draw.random() < 0.2:
            roles[name].setdefault("limits", {})["hold_after_denials"] = draw.choice([1, 3])
    world = World(roles, services, [], [], tuple(draw.sample(DATA, draw.choice([0, 0, 1, 2]))))
    return replace(
        world,
        calls=[strange_call(draw, world) for _ in range(calls)],
        tokens=[_token_question(draw, world) for _ in range(max(2, calls // 10))],
    )


def _service(draw: random.Random) -> Written:
    routes: Written = {}
    for place in range(draw.randint(1, 5)):
        route: Written = {
            "method": draw.choice(METHODS),
            "path": f"/r{place}",
            "action": draw.choice(ACTIONS),
        }
        if draw.random() < 0.7:
            route["data"] = draw.choice(DATA)
        if draw.random() < 0.15:
            route["irreversible"] = True
        if route["method"] in {"POST", "PUT", "PATCH"} and draw.random() < 0.25:
            route["output"] = draw.choice(["create-pr", "report"])
        routes[f"r{place}"] = route
    service: Written = {"upstream": "https://upstream.example", "routes": routes}
    if draw.random() < 0.5:
        service["limits"] = {"max_body_bytes": draw.randint(0, 200)}
    return service


APPROVAL: Written = {
    "hold": "h-1",
    "template": "irreversible",
    "approvers": ["ada"],
    "call_sha256": "a" * 64,
    "nonce": "n",
    "approved_at": 1_763_889_999,
    "expires_at": 1_763_891_000,
    "revision_matches": True,
    "standing": False,
}


def plain_call(draw: random.Random, world: World) -> Written:
    """A complete call on a declared route, by a workflow with the whole of its role, within the limit."""
    role, service = draw.choice(sorted(world.roles)), draw.choice(sorted(world.services))
    route = draw.choice(sorted(world.services[service]["routes"]))
    declared = world.services[service]["routes"][route]
    granted = service in world.roles[role]["services"]
    return {
        "version": "1",
        "now": 1_763_890_000 + draw.randint(0, 9),
        "workflow": "wf-1",
        "role": role,
        "scope": sorted(words_of(world.roles[role], world.services[service])) if granted else [],
        "service": service,
        "route": route,
        "action": declared["action"],
        "data": declared.get("data", ""),
        "method": declared["method"],
        "path": declared["path"],
        "params": {},
        "query": draw.choice(["", "x=1"]),
        "body_bytes": draw.choice([-1, 0, 1]),
        "content_type": draw.choice(["", "text/plain"]),
        "scan": draw.choice([[], [], [], [], [], ["jwt"]]),
        "call_sha256": "a" * 64,
        # These worlds name nobody who may approve: whatever an approval says, it is worth nothing.
        "approval": draw.choice([None, None, {}, APPROVAL]),
        "performed_by": draw.choice(["", "", "ada"]),
        "started_by": draw.choice(["", "ada"]),
        "body_sha256": "b" * 64 if "output" in declared else draw.choice(["", "b" * 64]),
        "validation": _validation(draw, declared.get("output", "")),
        "tokens_spent": {
            "workflow": draw.choice([0, 0, 50, 5000]),
            "role_today": draw.choice([0, 0, 90, 9000]),
        },
        "history": {
            "requests": 9,
            "allowed": 4,
            "denials": 5,
            "denials_in_a_row": draw.choice([0, 0, 0, 1, 3]),
            "services": ["notes"],
            "data": sorted(DATA),
            "data_read": draw.choice([[], [], [], *([data] for data in DATA)]),
            "under_way": draw.choice([[], [], ["read"], ["read", "write"]]),
            "bytes_sent": 7,
        },
    }


def _validation(draw: random.Random, output: str) -> Written:
    """What was found out about a body, mostly what lets it pass."""
    return {
        "type": draw.choice([output] * 9 + ["report"]),
        "schema": draw.choice(["passed"] * 7 + ["failed", "absent", "fine"]) if output else "absent",
        "jury": draw.choice(["passed"] * 5 + ["absent", "veto", "no_verdict", "not_configured", "fine"])
        if output
        else "absent",
        "problems": draw.choice([[], ["/title"]]),
    }


def strange_call(draw: random.Random, world: World) -> Any:
    """A plain call, half the time with up to three things about it changed, whatever comes of it."""
    call = plain_call(draw, world)
    if draw.random() < 0.5:
        for change in draw.choices(_CHANGES, k=draw.randint(1, 3)):
            change(draw, world, call)
    return call


def _other_words(draw: random.Random, world: World, call: Written) -> None:
    every = sorted({word(route) for one in world.services.values() for route in one["routes"].values()})
    call["scope"] = draw.sample(every, draw.randint(0, len(every)))


def _other_name(draw: random.Random, world: World, call: Written) -> None:
    routes = [name for service in world.services.values() for name in service["routes"]]
    field, names = draw.choice(
        [
            ("role", [*ROLES, "nobody"]),
            ("service", [*SERVICES, "nowhere"]),
            ("route", [*routes, "nothing"]),
            ("action", [*ACTIONS]),
            ("data", ["", *DATA]),
            ("method", [*METHODS, "PUT"]),
        ]
    )
    call[field] = draw.choice(names)


def _near_the_limit(draw: random.Random, world: World, call: Written) -> None:
    role = world.roles.get(str(call.get("role")))
    service = world.services.get(str(call.get("service")))
    limit = body_limit(role, service) if role and service else 100
    call["body_bytes"] = max(-1, limit + draw.randint(-1, 1))


def _drop(draw: random.Random, _world: World, call: Written) -> None:
    call.pop(draw.choice(sorted(call)), None)


def _ill_typed(draw: random.Random, _world: World, call: Written) -> None:
    call[draw.choice(sorted(call))] = draw.choice(STRANGE)


def _one_too_many(draw: random.Random, _world: World, call: Written) -> None:
    call[draw.choice(["urgent", "Scope", "approved"])] = draw.choice(STRANGE)


def _same_meaning(_draw: random.Random, _world: World, call: Written) -> None:
    # What changes nothing: whole numbers written with a point, parameters, another path below the same route.
    call.update(now=1763890000.0, body_bytes=0.0, params={"id": "7"}, path="/elsewhere")


_CHANGES = (
    _other_words,
    _other_name,
    _other_name,
    _near_the_limit,
    _near_the_limit,
    _drop,
    _ill_typed,
    _one_too_many,
    _same_meaning,
)


def _token_question(draw: random.Random, world: World) -> Any:
    role = draw.choice(sorted(world.roles))
    whole = sorted(set().union(*(words_of(world.roles[role], one) for one in world.services.values())))
    question: Written = {
        "version": "1",
        "now": 1,
        "workflow": "wf-1",
        "role": draw.choice([role, role, role, "nobody"]),
        "only": draw.choice([[], draw.sample(whole, draw.randint(0, len(whole))), ["erase:keys"]]),
        "ttl_s": draw.choice([1, 300, 3600, 0, 3601]),
        "renewal": draw.random() < 0.5,
    }
    if draw.random() < 0.2:
        draw.choice([_drop, _ill_typed, _one_too_many])(draw, world, question)
    return question


def narrower(draw: random.Random, world: World) -> Iterator[World]:
    """The world with one thing taken away: a grant, a route, a word of a token, room in a body, or its reversibility."""
    for change in (_less_role, _less_catalogue, _less_scope, _smaller_bodies, _for_a_person):
        copied = copy.deepcopy(world)
        change(draw, copied)
        yield copied


def _less_role(draw: random.Random, world: World) -> None:
    name = draw.choice(sorted(world.roles))
    key = draw.choice(["services", "actions", "data"])
    words = world.roles[name][key]
    if words:
        words.remove(draw.choice(words))
    if not words and key != "data":  # the files allow no role without services or actions
        del world.roles[name]


def _less_catalogue(draw: random.Random, world: World) -> None:
    name = draw.choice(sorted(world.services))
    routes = world.services[name]["routes"]
    if len(routes) > 1:
        del routes[draw.choice(sorted(routes))]
    declared = [route for service in world.services.values() for route in service["routes"].values()]
    for role_name, role in sorted(world.roles.items()):
        # What nothing declares any more, no role may name.
        role["actions"] = [one for one in role["actions"] if one in {route["action"] for route in declared}]
        role["data"] = [one for one in role["data"] if one in {route.get("data") for route in declared}]
        if not role["actions"]:
            del world.roles[role_name]


def _less_scope(draw: random.Random, world: World) -> None:
    for call in world.calls:
        if isinstance(call.get("scope"), list) and call["scope"]:
            call["scope"].remove(draw.choice(call["scope"]))


def _smaller_bodies(draw: random.Random, world: World) -> None:
    for one in (*world.roles.values(), *world.services.values()):
        limits = one.setdefault("limits", {})
        limits["max_body_bytes"] = draw.randint(0, limits.get("max_body_bytes", 1_048_576))


def _for_a_person(draw: random.Random, world: World) -> None:
    routes = world.services[draw.choice(sorted(world.services))]["routes"]
    routes[draw.choice(sorted(routes))]["irreversible"] = True
