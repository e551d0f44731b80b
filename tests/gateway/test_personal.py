"""What is asked of a service that is declared personal stands beside the log, where it can be forgotten."""

from pathlib import Path

import pytest

from audit import side_store
from gateway.outbound import PERSONAL
from tests.gateway.rig import Rig

NAME = "alice-of-the-tests"


def log_files(rig: Rig) -> dict[str, bytes]:
    """Every file of the log, but for what stands beside it."""
    log = rig.home / "log"
    files = (file for file in log.rglob("*") if file.is_file() and "side" not in file.relative_to(log).parts)
    return {str(file): file.read_bytes() for file in files}


def test_the_log_holds_a_digest_and_the_side_store_the_input(rig: Rig) -> None:
    """Without it path, query and parameters stood in the log, under the tree, for ever."""
    answer = rig.agent().get(f"/people/persons/{NAME}?q={NAME}")
    assert answer.status == 200
    recorded = rig.decision(answer.decision)
    assert (recorded.input, recorded.input_sha256, recorded.decision) == (None, "", "allow")
    assert isinstance(recorded.side, str)
    asked = side_store.get(rig.home / "log", recorded.side)
    assert asked != "gone"
    assert (asked["path"], asked["query"]) == (f"/persons/{NAME}", f"q={NAME}")
    assert asked["params"] == {"person": NAME}
    rig.outcome(answer.decision)
    assert [file for file, content in log_files(rig).items() if NAME.encode() in content] == []


@pytest.mark.parametrize(
    "target", [f"/people/nowhere/{NAME}", f"/people//{NAME}", f"/people/persons/{NAME}/%2e%2e/x"]
)
def test_a_refusal_before_policy_names_nobody_either(rig: Rig, target: str) -> None:
    """No route, or malformed: the service is named, and nothing of what was asked of it."""
    answer = rig.agent().get(target)
    assert answer.status in {400, 404}
    recorded = rig.decision(answer.decision)
    assert recorded.request.target == f"/people/{PERSONAL}"  # type: ignore[union-attr]
    assert [file for file, content in log_files(rig).items() if NAME.encode() in content] == []


def test_other_services_keep_their_inputs_in_the_log(rig: Rig) -> None:
    """What is not personal can be replayed for ever."""
    recorded = rig.decision(rig.agent().get("/notes/notes/1").decision)
    assert recorded.input is not None
    assert len(recorded.input_sha256) == 64


def test_what_cannot_be_put_beside_the_log_is_not_done(own_rig: Rig) -> None:
    """Record, then act: no document, no decision, nothing forwarded; other services go on."""
    agent = own_rig.agent()
    Path(own_rig.home / "log" / "side").write_text("in the way")
    answer = agent.get(f"/people/persons/{NAME}")
    assert (answer.status, answer.json["code"]) == (503, "log_unavailable")
    assert own_rig.upstream.received == []
    assert agent.get("/notes/notes/1").status == 200
