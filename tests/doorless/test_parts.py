"""The programs of a home as data."""

from pathlib import Path

from doorless.home import Home
from doorless.parts import Plan, parts_of

HOME = Home(Path("/h"))
PLAN = Plan(HOME, "127.0.0.1:1", "http://i", Path("/h/c.yaml"), Path("/opa"), "/py", "/setpriv")


def test_every_part_dies_with_its_supervisor() -> None:
    """Each argv begins with setpriv's death signal."""
    for part in parts_of(PLAN):
        assert part.argv[:6] == ("/setpriv", "--pdeathsig", "KILL", "/py", "-m", part.name)


def test_who_records_last_stops_last() -> None:
    """Gateway, issuer, audit: outcomes of what was under way still reach the log."""
    assert [part.name for part in parts_of(PLAN)] == ["gateway", "issuer", "audit"]


def test_nobody_starts_before_the_log_is_there() -> None:
    """Gateway and issuer need the audit writer."""
    assert {part.name: part.needs for part in parts_of(PLAN)} == {
        "gateway": "audit",
        "issuer": "audit",
        "audit": "",
    }


def test_all_sockets_are_those_of_the_home() -> None:
    """Everybody is told the same paths."""
    words = {part.name: part.argv for part in parts_of(PLAN)}
    for name in ("gateway", "issuer"):
        assert words[name][words[name].index("--audit-socket") + 1] == str(HOME.audit_socket)
    assert words["audit"][words["audit"].index("--socket") + 1] == str(HOME.audit_socket)
    assert words["issuer"][words["issuer"].index("--control-socket") + 1] == str(HOME.issuer_socket)
    assert words["gateway"][words["gateway"].index("--issuer-socket") + 1] == str(HOME.issuer_socket)
