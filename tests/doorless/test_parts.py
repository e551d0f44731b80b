"""The programs of a home as data."""

import dataclasses
from pathlib import Path

from doorless.home import Home
from doorless.parts import ApproversSocket, Plan, Watching, Webhook, Witnessing, parts_of

HOME = Home(Path("/h"))
PLAN = Plan(HOME, "127.0.0.1:1", "http://i", Path("/h/c.yaml"), Path("/opa"), "/py", "/setpriv")


def test_every_part_dies_with_its_supervisor() -> None:
    """Each argv begins with setpriv's death signal."""
    for part in parts_of(PLAN):
        assert part.argv[:6] == ("/setpriv", "--pdeathsig", "KILL", "/py", "-m", part.name)


def test_who_records_last_stops_last() -> None:
    """Gateway, issuer, checks, audit: outcomes of what was under way still reach the log."""
    assert [part.name for part in parts_of(PLAN)] == ["gateway", "issuer", "checks", "audit"]


def test_nobody_starts_before_the_log_is_there() -> None:
    """Gateway and issuer need the audit writer."""
    assert {part.name: part.needs for part in parts_of(PLAN)} == {
        "gateway": "audit",
        "issuer": "audit",
        "checks": "",
        "audit": "",
    }


def test_all_sockets_are_those_of_the_home() -> None:
    """Everybody is told the same paths."""
    words = {part.name: part.argv for part in parts_of(PLAN)}
    for name in ("gateway", "issuer"):
        assert words[name][words[name].index("--audit-socket") + 1] == str(HOME.audit_socket)
    assert words["checks"][words["checks"].index("--socket") + 1] == str(HOME.checks_socket)
    assert words["gateway"][words["gateway"].index("--checks-socket") + 1] == str(HOME.checks_socket)
    assert words["audit"][words["audit"].index("--socket") + 1] == str(HOME.audit_socket)
    assert words["issuer"][words["issuer"].index("--control-socket") + 1] == str(HOME.issuer_socket)
    assert words["gateway"][words["gateway"].index("--issuer-socket") + 1] == str(HOME.issuer_socket)


def test_holds_are_sent_on_only_where_the_operator_says_where() -> None:
    """The console runs with its address and the file of its secret, and not at all without."""
    assert "console" not in {part.name for part in parts_of(PLAN)}
    plan = dataclasses.replace(PLAN, webhook=Webhook("https://chat.example/hook", Path("/h/secrets/webhook")))
    (console,) = [part for part in parts_of(plan) if part.name == "console"]
    assert console.argv[-4:] == ("--webhook", "https://chat.example/hook", "--secret", "/h/secrets/webhook")


def test_approvers_have_a_socket_only_where_the_operator_says_where() -> None:
    """The gateway is told the place and its group, and nothing of either without."""
    silent = {part.name: part for part in parts_of(PLAN)}["gateway"]
    assert "--approvals-socket" not in silent.argv
    plan = dataclasses.replace(PLAN, approvers=ApproversSocket("/srv/a/gw.sock", "staff"))
    words = {part.name: part for part in parts_of(plan)}["gateway"].argv
    assert words[-4:] == ("--approvals-socket", "/srv/a/gw.sock", "--approvals-group", "staff")


def test_bots_are_answered_only_where_the_operator_says_so() -> None:
    """Without a listener the checks know no token and no policies; with one they record, so the log comes first."""
    silent = {part.name: part for part in parts_of(PLAN)}["checks"]
    assert "--listen" not in silent.argv
    asked = {part.name: part for part in parts_of(dataclasses.replace(PLAN, bots_listen="127.0.0.1:3"))}
    words = asked["checks"].argv
    assert words[words.index("--listen") + 1] == "127.0.0.1:3"
    assert words[words.index("--bot-token") + 1] == str(HOME.bot_token)
    assert words[words.index("--audit-socket") + 1] == str(HOME.audit_socket)
    assert asked["checks"].needs == "audit"


def test_a_witness_brings_the_part_that_asks_it() -> None:
    """It stops before the writer, which it needs; without a witness there is no such part."""
    asked = dataclasses.replace(PLAN, witnessing=Witnessing(("key=unix:/w",), 1, 60))
    names = [part.name for part in parts_of(asked)]
    assert names.index("cosign") < names.index("audit")
    cosign = parts_of(asked)[names.index("cosign")]
    assert cosign.needs == "audit"
    assert cosign.argv[-2:] == ("--witness", "key=unix:/w")
    assert "cosign" not in [part.name for part in parts_of(PLAN)]


def test_the_log_is_answered_only_where_the_operator_says_where() -> None:
    """Log service and policy tools run with their addresses and secrets, stop before what they read, and not at all without."""
    assert not {"log", "authoring"} & {part.name for part in parts_of(PLAN)}
    asked = parts_of(dataclasses.replace(PLAN, watching=Watching("127.0.0.1:4", "127.0.0.1:5")))
    names = [part.name for part in asked]
    assert max(names.index("log"), names.index("authoring")) < names.index("audit")
    words = {part.name: part.argv for part in asked}
    for name, module, secret, address in (
        ("log", "audit.log_service", HOME.log_reader, "127.0.0.1:4"),
        ("authoring", "authoring", HOME.policy_tools, "127.0.0.1:5"),
    ):
        assert words[name][5] == module
        assert words[name][words[name].index("--secret") + 1] == str(secret)
        assert words[name][words[name].index("--listen") + 1] == address
        assert words[name][words[name].index("--log") + 1] == str(HOME.log)
