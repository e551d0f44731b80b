"""What the pinned OPA and opa-python-client do that bites; each is a fact that something of ours relies on.

If one of these fails after an upgrade, nothing is wrong with the test: read what relies on the fact.
"""

import json
import re
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from opa_client.errors import RegoParseError
from opa_client.opa_async import AsyncOpaClient

from decision.path_patterns import expression
from decision.unix_opa_client import UnixOpaClient
from tests.decision.fake_opa import FakeOpa, body
from tests.decision.opa_server import running, write
from tests.decision.patterns import PATHS, PATTERNS
from tests.decision.questions import until_now

ALLOW = "package request\n\ndecision := 1\n"
DECISION = "request/decision"


class _ShippedClient(UnixOpaClient):
    """The library with its own retries and its own time limit, on a socket."""

    def __init__(self, socket_path: Path) -> None:
        super().__init__(socket_path, "t")
        plain = AsyncOpaClient()
        self.retries = plain.retries
        self.timeout = plain.timeout


def _run(opa: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(opa), *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_undefined_is_success(opa: Path, short_folder: Path) -> None:
    """No policy, a misspelt path and a rule without a value are all HTTP 200 with an empty object."""
    rules = write(short_folder / "rules", {"r.rego": "package request\n\ndecision := 1 if input.yes\n"})
    with running(opa, short_folder, rules) as server:
        assert server.ask(DECISION, {"yes": True})[1]["result"] == 1
        assert server.ask(DECISION, {}) == (200, {})
        assert server.ask("request/decison", {"yes": True}) == (200, {})
        assert server.ask("pull/decision", {}) == (200, {})


def test_a_body_without_input_is_success(opa: Path, short_folder: Path) -> None:
    """A body that lacks the `input` wrapper is HTTP 200, with a result for no input at all and a warning."""
    rules = write(short_folder / "rules", {"r.rego": "package request\n\ndecision := 1 if not input.no\n"})
    with running(opa, short_folder, rules) as server:
        answer = server.http.post("/v1/data/request/decision", json={"no": True})
    assert answer.status_code == 200
    assert answer.json()["result"] == 1
    assert answer.json()["warning"]["code"] == "api_usage_warning"


def test_a_conflict_is_500(opa: Path, short_folder: Path) -> None:
    """Two values of one complete rule are an evaluation error with status 500."""
    rules = "package request\n\ndecision := 1 if input.a\n\ndecision := 2 if input.b\n"
    with running(opa, short_folder, write(short_folder / "rules", {"r.rego": rules})) as server:
        status, answer = server.ask(DECISION, {"a": True, "b": True})
        assert status == 500
        assert answer["errors"][0]["code"] == "eval_conflict_error"
        assert server.ask(DECISION, {"a": True}) == (200, {"result": 1})


def test_broken_json_is_400(opa: Path, short_folder: Path) -> None:
    """A body that is no JSON is refused as a parameter error."""
    with running(opa, short_folder) as server:
        answer = server.http.post("/v1/data/request/decision", content=b'{"input": ')
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_parameter"


def test_watch_keeps_the_last_good_policy_and_stays_healthy(opa: Path, short_folder: Path) -> None:
    """With --watch a parse error leaves the old policy, and health says nothing of it."""
    rules = write(short_folder / "rules", {"r.rego": ALLOW})
    log = short_folder / "opa.log"
    with running(opa, short_folder, "--watch", "--log-level", "info", rules) as server:
        write(rules, {"r.rego": "package request\n\ndecision := {"})
        until_now(lambda: "rego_parse_error" in log.read_text())
        assert server.ask(DECISION) == (200, {"result": 1})
        assert server.http.get("/health?bundles").status_code == 200
        assert server.http.get("/health?plugins").status_code == 200


def test_watch_makes_a_deleted_rule_undefined(opa: Path, short_folder: Path) -> None:
    """With --watch a file that is deleted takes its decision along at once."""
    rules = write(short_folder / "rules", {"r.rego": ALLOW, "other.rego": "package other\n"})
    with running(opa, short_folder, "--watch", rules) as server:
        assert server.ask(DECISION) == (200, {"result": 1})
        (rules / "r.rego").unlink()
        until_now(lambda: server.ask(DECISION) == (200, {}))


def test_a_bundle_file_is_loaded_once(opa: Path, short_folder: Path) -> None:
    """A `file://` bundle is never loaded again, whatever its polling says."""
    tree = write(short_folder / "tree", {"r.rego": ALLOW, ".manifest": {"roots": ["request"]}})
    archive = short_folder / "bundle.tar.gz"
    assert _run(opa, short_folder, "build", "-b", str(tree), "-o", str(archive)).returncode == 0
    polling = {"min_delay_seconds": 1, "max_delay_seconds": 1}
    config = {"bundles": {"b": {"resource": f"file://{archive}", "polling": polling}}}
    write(short_folder, {"config.json": config})
    with running(opa, short_folder, "--config-file", short_folder / "config.json") as server:
        until_now(lambda: server.ask(DECISION) == (200, {"result": 1}))
        write(tree, {"r.rego": ALLOW.replace("1", "2")})
        assert _run(opa, short_folder, "build", "-b", str(tree), "-o", str(archive)).returncode == 0
        end = time.monotonic() + 2.5  # two polls, if there were any
        while time.monotonic() < end:
            assert server.ask(DECISION) == (200, {"result": 1})
            time.sleep(0.25)


def test_permissions_of_the_socket(opa: Path, short_folder: Path) -> None:
    """Everybody may reach the directory entry of a socket by default; 600 must be asked for."""
    with running(opa, short_folder) as server:
        assert stat.S_IMODE(server.socket_path.stat().st_mode) == 0o755
    (short_folder / "second").mkdir()
    with running(opa, short_folder / "second", "--unix-socket-perm", "600") as server:
        assert stat.S_IMODE(server.socket_path.stat().st_mode) == 0o600


AUTHZ = """package system.authz

allow := true if {
	input.identity == "right"
	input.path == ["v1", "data", "request", "decision"]
}

allow := false if input.identity == "known"
"""


@pytest.mark.parametrize(("token", "status"), [("right", 200), ("known", 401), ("wrong", 500), (None, 500)])
def test_authorization(token: str | None, status: int, opa: Path, short_folder: Path) -> None:
    """With basic authorization false is 401 and undefined 500; only true lets a question through."""
    rules = write(short_folder / "rules", {"r.rego": ALLOW, "a.rego": AUTHZ})
    arguments = ("--authentication", "token", "--authorization", "basic", rules)
    with running(opa, short_folder, *arguments, token=token) as server:
        assert server.ask(DECISION)[0] == status
        assert server.http.get("/v1/policies").status_code != 200
        assert server.http.get("/health").status_code != 200


def test_no_authorization_opens_everything(opa: Path, short_folder: Path) -> None:
    """Without the two flags `system.authz` is just a rule: policies can be read and written by anybody."""
    rules = write(short_folder / "rules", {"a.rego": AUTHZ})
    with running(opa, short_folder, rules) as server:
        assert server.http.get("/v1/policies").status_code == 200
        assert server.http.put("/v1/policies/evil", content=ALLOW).status_code == 200


def test_run_takes_no_capabilities(opa: Path, short_folder: Path) -> None:
    """`opa run` cannot restrict builtins: the restriction binds where a bundle is built, and only there."""
    write(
        short_folder,
        {"caps.json": {"builtins": [], "features": ["rego_v1"]}, "r.rego": "package r\n\nx := count([1])\n"},
    )
    refused = _run(opa, short_folder, "run", "--server", "--capabilities", "caps.json", "r.rego")
    assert refused.returncode != 0
    assert "unknown flag: --capabilities" in refused.stderr
    built = _run(opa, short_folder, "build", "--capabilities", "caps.json", "r.rego")
    assert built.returncode != 0
    assert "undefined function count" in built.stdout + built.stderr


def test_a_bundle_holds_no_other_data_than_data_files(opa: Path, short_folder: Path) -> None:
    """Bundle mode reads data.json and data.yaml, and drops roles.yaml without a word."""
    files: dict[str, str | dict[str, Any]] = {
        "r.rego": ALLOW,
        "one/data.json": {"x": 1},
        "two/data.yaml": "x: 2\n",
        "roles.yaml": "roles: {}\n",
        "three/roles.json": {"x": 3},
    }
    tree = write(short_folder / "tree", files)
    built = _run(opa, short_folder, "build", "-b", str(tree), "-o", "b.tar.gz")
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    found = _run(opa, short_folder, "eval", "-b", "b.tar.gz", "-f", "raw", "data")
    assert json.loads(found.stdout) == {"one": {"x": 1}, "two": {"x": 2}, "request": {"decision": 1}}


def test_a_loose_data_file_cannot_stand_beside_a_bundle(opa: Path, short_folder: Path) -> None:
    """Every path after --bundle is a bundle; a plain file is none. So the token's digest is a bundle."""
    tree = write(short_folder / "tree", {"r.rego": ALLOW, ".manifest": {"roots": ["request"]}})
    write(short_folder, {"token.json": {"doorless_runtime": {"token_sha256": "x"}}})
    refused = _run(opa, short_folder, "run", "--server", "--bundle", str(tree), "token.json")
    assert refused.returncode != 0
    second = write(
        short_folder / "runtime",
        {".manifest": {"roots": ["doorless_runtime"]}, "doorless_runtime/data.json": {"x": 1}},
    )
    with running(opa, short_folder, "--bundle", tree, second) as server:
        assert server.ask("doorless_runtime") == (200, {"result": {"x": 1}})
        assert server.http.put("/v1/data/doorless_runtime/x", json=2).status_code == 400
        assert server.http.put("/v1/policies/request", content=ALLOW).status_code == 400


def test_bundles_must_not_share_a_root(opa: Path, short_folder: Path) -> None:
    """Two bundles that claim the same root do not start."""
    one = write(short_folder / "one", {"r.rego": ALLOW, ".manifest": {"roots": ["request"]}})
    two = write(short_folder / "two", {".manifest": {"roots": ["request"]}})
    refused = _run(opa, short_folder, "run", "--server", "--bundle", str(one), "--bundle", str(two))
    assert refused.returncode != 0
    assert "overlapping roots" in refused.stdout + refused.stderr


def test_provenance_names_the_revision(opa: Path, short_folder: Path) -> None:
    """The revision of a bundle can be read with an answer."""
    tree = write(short_folder / "tree", {"r.rego": ALLOW, ".manifest": {"roots": ["request"]}})
    built = _run(opa, short_folder, "build", "-b", str(tree), "-r", "seven", "-o", "b.tar.gz")
    assert built.returncode == 0
    with running(opa, short_folder, "--bundle", "b.tar.gz") as server:
        _, answer = server.ask("request/decision?provenance")
    assert [bundle["revision"] for bundle in answer["provenance"]["bundles"].values()] == ["seven"]


def test_schemas_within_the_tree_do_not_load(opa: Path, short_folder: Path) -> None:
    """Two JSON schemas beside the rules are taken for data, and fail with a merge error."""
    files: dict[str, str | dict[str, Any]] = {"r.rego": ALLOW}
    files |= {f"schemas/{name}.json": {"title": name, "type": "object"} for name in ("one", "two")}
    tree = write(short_folder / "tree", files)
    failed = _run(opa, short_folder, "eval", "-d", str(tree), "data")
    assert failed.returncode != 0
    assert "merge error" in failed.stdout + failed.stderr


def test_schemas_by_reference_need_the_flag(opa: Path, short_folder: Path) -> None:
    """A typo against a schema that METADATA names is found with --schema only."""
    typo = (
        "# METADATA\n# scope: package\n# schemas:\n#   - input: schema.call\npackage request\n\n"
        'decision := 1 if input.rolle == "x"\n'
    )
    schema = {"type": "object", "properties": {"role": {"type": "string"}}, "additionalProperties": False}
    write(short_folder, {"rules/r.rego": typo, "schemas/call.json": schema})
    assert _run(opa, short_folder, "check", "--strict", "rules").returncode == 0
    found = _run(opa, short_folder, "check", "--strict", "--schema", "schemas", "rules")
    assert found.returncode != 0
    assert "rolle" in found.stderr


def test_not_over_a_missing_argument_is_undefined(opa: Path, short_folder: Path) -> None:
    """`not f(input.y)` and `not data.x[input.y]` are undefined, not true, where the field is missing: they fail open."""
    rules = """package r

f(x) if x == 1

known := {"a"}

call if not f(input.y)

lookup if not known[input.y]

proof if f(input.y)

by_name if not proof
"""
    write(short_folder, {"r.rego": rules})
    for question, expected in (
        ("{}", {"by_name": True, "known": ["a"]}),
        ('{"y": 2}', {"by_name": True, "call": True, "lookup": True, "known": ["a"]}),
    ):
        write(short_folder, {"input.json": question})
        told = _run(opa, short_folder, "eval", "-d", "r.rego", "-i", "input.json", "-f", "raw", "data.r")
        assert json.loads(told.stdout) == expected


def test_python_and_opa_read_a_pattern_alike(opa: Path, short_folder: Path) -> None:
    """What `expression` makes of a pattern matches the same paths in RE2 as in Python, line ends included."""
    every = [(expression((pattern,)), path) for pattern in PATTERNS for path in PATHS]
    write(
        short_folder,
        {
            "input.json": json.dumps(every),
            "r.rego": "package r\n\nx := [regex.match(a, b) | some [a, b] in input]\n",
        },
    )
    told = _run(opa, short_folder, "eval", "-d", "r.rego", "-i", "input.json", "-f", "raw", "data.r.x")
    assert json.loads(told.stdout) == [bool(re.fullmatch(pattern, path)) for pattern, path in every]


def test_the_coverage_threshold_counts_test_files(opa: Path, short_folder: Path) -> None:
    """Tests count as covered lines, so a threshold passes that the policy alone misses; and it hides the report."""
    rules = "package r\n\na if input.a\n\nb if input.b\n"
    tests = "package r_test\n\nimport data.r\n\n" + "".join(
        f'test_{place} if r.a with input as {{"a": {place}}}\n\n' for place in range(40)
    )
    write(short_folder, {"r.rego": rules, "r_test.rego": tests})
    report = _run(opa, short_folder, "test", "--coverage", "--format", "json", ".")
    coverage = json.loads(report.stdout)
    assert coverage["files"]["r.rego"]["coverage"] < 60
    gate = ("test", "--coverage", "--format", "json", "--threshold")
    assert _run(opa, short_folder, *gate, "90", ".").returncode == 0
    missed = _run(opa, short_folder, *gate, "99.9", ".")
    assert missed.returncode != 0
    assert "r.rego" not in missed.stdout + missed.stderr


def test_the_old_telemetry_flag_is_deprecated(opa: Path, short_folder: Path) -> None:
    """This OPA warns about --disable-telemetry; the child is started with its new name."""
    said = _run(opa, short_folder, "run", "--server", "--disable-telemetry", "--addr", "nonsense://x")
    assert "deprecated" in said.stderr
    assert "skip-version-check" in said.stderr


@pytest.mark.anyio
async def test_the_client_retries_500(short_folder: Path) -> None:
    """opa-python-client as shipped asks three times when a policy fails; ours asks once."""
    async with FakeOpa(short_folder / "opa.sock", body({"code": "internal_error"}, 500)) as fake:
        async with _ShippedClient(fake.socket_path) as client:
            with pytest.raises(Exception, match="500"):
                await client.query_rule({}, "request", "decision")
        assert len(fake.questions) == 3
        async with UnixOpaClient(fake.socket_path, "t") as client:
            with pytest.raises(Exception, match="500"):
                await client.query_rule({}, "request", "decision")
        assert len(fake.questions) == 4


@pytest.mark.anyio
async def test_the_client_returns_undefined_as_nothing_special(short_folder: Path) -> None:
    """opa-python-client returns `{}` for undefined, and raises nothing."""
    async with (
        FakeOpa(short_folder / "opa.sock", body({})) as fake,
        UnixOpaClient(fake.socket_path, "t") as client,
    ):
        assert await client.query_rule({}, "request", "decision") == {}


@pytest.mark.anyio
async def test_the_client_rewrites_policies(opa: Path, short_folder: Path) -> None:
    """opa-python-client uploads another policy than it was given when OPA refuses the syntax; it can be told not to."""
    old = "package old\n\nallow { input.x == 1 }\n"
    with running(opa, short_folder) as server:
        async with UnixOpaClient(server.socket_path, "t", timeout_s=10) as client:
            with pytest.raises(RegoParseError):
                await client.update_policy_from_string(old, "old", rego_compat=False)
            assert server.http.get("/v1/policies/old").status_code == 404
            assert await client.update_policy_from_string(old, "old")
        stored = server.http.get("/v1/policies/old").json()["result"]["raw"]
    assert stored != old
    assert "allow if {" in stored
