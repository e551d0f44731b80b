"""The gates that a policies folder must pass before anybody may use it; no network, nothing written there.

Each gate answers a `Gate`: its name, whether it passed, and what it said. A tool that is missing or does
not start fails its gate. What ships is defined by `policy_gates`; nothing here knows why a rule exists.
"""

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decision import capabilities, schemas
from decision.config import load_policies
from decision.yaml_source import ConfigErrors

_DEADLINE_S = 120
# OPA gives one test five seconds, which a busy machine may need for nothing.
_PATIENT = ("--timeout", f"{_DEADLINE_S}s")
_RESTRICTED = ("--capabilities", str(capabilities.FILE))


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate's outcome; `output` says what is wrong, or in a few words what was checked."""

    name: str
    ok: bool
    output: str


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs that the gates run, as absolute paths. Without `regal` its gate is left out: it is for our own policies."""

    opa: Path
    regal: Path | None = None


class _Failed(Exception):
    """The gate is closed; the text says why."""


def static_gates(policies: Path, tools: Tools) -> tuple[Gate, ...]:
    """All gates but the tests: configuration, format, types, conventions and, where given, Regal."""
    gates: list[tuple[str, Callable[[Path, Tools], str]]] = [
        ("configuration", _configuration),
        ("opa fmt", _format),
        ("opa check", _types),
        ("conventions", _conventions),
    ]
    if tools.regal is not None:
        gates.append(("regal", _regal))
    return tuple(_run_gate(name, gate, policies, tools) for name, gate in gates)


def suite_gates(policies: Path, tools: Tools) -> tuple[Gate, ...]:
    """The policy tests, and that they cover every line of every policy file."""
    tests = _run_gate("opa test", _tests, policies, tools)
    return (tests, _run_gate("coverage", _coverage, policies, tools)) if tests.ok else (tests,)


def policy_gates(policies: Path, tools: Tools) -> tuple[Gate, ...]:
    """All gates."""
    return static_gates(policies, tools) + suite_gates(policies, tools)


def conventions_input(policies: Path, opa: Path) -> dict[str, Any]:
    """What the conventions are asked about: the text of every Rego file, and all METADATA."""
    files = {str(path.relative_to(policies)): path.read_text() for path in sorted(policies.rglob("*.rego"))}
    return {"files": files, "annotations": annotations(policies, opa)}


def annotations(policies: Path, opa: Path) -> list[dict[str, Any]]:
    """All METADATA of a policies folder, each with its location and the path of its rule."""
    answer = json.loads(_tool([opa, "inspect", "--annotations", "--format", "json", "."], policies))
    found: list[dict[str, Any]] = answer.get("annotations", [])
    return found


def _run_gate(name: str, gate: Callable[[Path, Tools], str], policies: Path, tools: Tools) -> Gate:
    try:
        return Gate(name, ok=True, output=gate(policies, tools))
    except _Failed as failed:
        return Gate(name, ok=False, output=str(failed))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        return Gate(name, ok=False, output=f"{name} could not be run: {error}")


def _configuration(policies: Path, _tools: Tools) -> str:
    try:
        configuration = load_policies(policies)
    except ConfigErrors as errors:
        raise _Failed(str(errors)) from None
    return f"{len(configuration.roles)} roles, {len(configuration.catalogue.services)} services"


def _format(policies: Path, tools: Tools) -> str:
    _need_policies(policies)
    unformatted = _tool([tools.opa, "fmt", "--list", "--fail", "."], policies, prefix="not formatted:\n")
    return unformatted.strip()


def _types(policies: Path, tools: Tools) -> str:
    arguments: list[str | Path] = [
        tools.opa,
        "check",
        "--strict",
        "--schema",
        schemas.FOLDER,
        *_RESTRICTED,
        ".",
    ]
    return _tool(arguments, policies).strip()


def _conventions(policies: Path, tools: Tools) -> str:
    asked = conventions_input(policies, tools.opa)
    query = "data.conventions.violation"
    arguments: list[str | Path] = [
        tools.opa,
        "eval",
        "--format",
        "json",
        "--data",
        "conventions",
        "--stdin-input",
        query,
    ]
    answer = json.loads(_tool(arguments, policies, stdin=json.dumps(asked)))
    if not answer.get("result"):
        raise _Failed(f"{query} is undefined: policies/conventions is missing or broken")
    violations = answer["result"][0]["expressions"][0]["value"]
    if violations:
        raise _Failed("\n".join(f"{found['file']}: {found['message']}" for found in violations))
    return f"{len(asked['files'])} files"


def _regal(policies: Path, tools: Tools) -> str:
    assert tools.regal is not None
    return _tool([tools.regal, "lint", "--format", "compact", "."], policies).strip()


def _tests(policies: Path, tools: Tools) -> str:
    output = _tool([tools.opa, "test", *_PATIENT, *_RESTRICTED, "."], policies)
    if "PASS" not in output:
        raise _Failed(f"no test ran\n{output}")
    return output.strip().splitlines()[-1]


def _coverage(policies: Path, tools: Tools) -> str:
    # Not --threshold: it counts the test files too, and hides the report.
    arguments = [str(tools.opa), "test", "--coverage", "--format", "json", *_PATIENT, *_RESTRICTED, "."]
    report = json.loads(_tool(arguments, policies))["files"]
    uncovered = list(_uncovered(policies, report))
    if uncovered:
        raise _Failed("not covered by any test:\n" + "\n".join(uncovered))
    return "100 % of every policy file"


def _uncovered(policies: Path, report: Mapping[str, Any]) -> Iterable[str]:
    files = {Path(name).as_posix(): of for name, of in report.items()}
    for path in _policy_files(policies):
        name = path.relative_to(policies).as_posix()
        if name not in files:
            # OPA leaves out a file that no test touches at all.
            yield name
        for lines in files.get(name, {}).get("not_covered", ()):
            yield f"{name}:{lines['start']['row']}-{lines['end']['row']}"


def _policy_files(policies: Path) -> list[Path]:
    return [path for path in sorted(policies.rglob("*.rego")) if not path.name.endswith("_test.rego")]


def _need_policies(policies: Path) -> None:
    if not _policy_files(policies):
        raise _Failed(f"no policy in {policies}")


def _tool(arguments: Iterable[str | Path], folder: Path, *, stdin: str = "", prefix: str = "") -> str:
    """What a tool said. Raises `_Failed` if it did not end well or in time."""
    command = [str(argument) for argument in arguments]
    try:
        done = subprocess.run(
            command, cwd=folder, input=stdin, capture_output=True, text=True, timeout=_DEADLINE_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise _Failed(f"{Path(command[0]).name} did not end within {_DEADLINE_S} s") from None
    if done.returncode != 0:
        said = "\n".join(part for part in (done.stdout.strip(), done.stderr.strip()) if part)
        raise _Failed(prefix + said if said else f"{Path(command[0]).name} ended with {done.returncode}")
    return done.stdout
