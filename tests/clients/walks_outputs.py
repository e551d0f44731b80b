"""Walks from refusals of what takes effect: what is validated, what a jury says of it, and what models may cost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.clients.rig import ClientRig, answer
from tests.clients.walks import Walk, allowed, refusal
from tests.gateway.checking import FakeChecks
from tests.gateway.rig import Agent, Answer

Say = Callable[[FakeChecks], None]


def output(code: str, remedy: str, wrong: Say) -> Walk:
    """The body is not what it should be; then another one is, or the checks find it so, and it goes on."""

    def walk(rig: ClientRig) -> str:
        agent = rig.agent("client")
        with checks(rig) as found:
            wrong(found)
            refusal(propose(agent), code, remedy)
            found.schema, found.jury = "passed", "passed"
            return allowed(propose(agent))

    return walk


def not_validated(rig: ClientRig) -> str:
    """The checks are away; once they are back the same call goes on."""
    agent = rig.agent("client")
    refusal(propose(agent), "request.output_not_validated", "try again shortly")
    with checks(rig):
        return allowed(propose(agent))


def undecided(rig: ClientRig) -> str:
    """Nobody is named who could approve it: it is left to a person."""
    agent = rig.agent("client")
    with checks(rig) as found:
        found.jury = "no_verdict"
        refusal(propose(agent), "request.output_undecided", "Leave this step to a person")
    return "person"


def budget(rig: ClientRig) -> str:
    """The model says what it took; with a greater budget the operator lets the same workflow go on."""
    rig.upstream.answer = COMPLETION
    agent = rig.agent("thinker")
    allowed(agent.request("POST", "/openai/responses", b"{}"))
    told = refusal(
        agent.request("POST", "/openai/responses", b"{}", {"accept": "application/problem+json"}),
        "request.token_budget",
        "ask the operator for a greater max_tokens_per_workflow in roles.yaml",
    )
    assert "midnight UTC" in told
    roles = rig.policies / "roles.yaml"
    before = roles.read_text()
    try:
        roles.write_text(before.replace("max_tokens_per_workflow: 5", "max_tokens_per_workflow: 500"))
        rig.admin.post("/policy/reload").raise_for_status()
        return allowed(agent.request("POST", "/openai/responses", b"{}"))
    finally:
        rig.upstream.answer = answer
        roles.write_text(before)
        rig.admin.post("/policy/reload").raise_for_status()


COMPLETION = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n"
    b'{"usage": {"input_tokens": 5, "output_tokens": 2}}'
)


@contextmanager
def checks(rig: ClientRig) -> Iterator[FakeChecks]:
    """Checks that answer, for as long as the context lasts."""
    made = FakeChecks(rig.loop, rig.run / "checks.sock")
    try:
        yield made
    finally:
        made.close()


def propose(agent: Agent) -> Answer:
    """Hand in what takes effect."""
    return agent.request("POST", "/problem/alerts", b"{}")


def schema_says_no(found: FakeChecks) -> None:
    """The body is not what its schema says."""
    found.schema = "failed"


def jury_says(state: str) -> Say:
    """The jury comes to this."""

    def say(found: FakeChecks) -> None:
        found.jury = state

    return say
