"""semgrep itself over real files, and programs in its place that fail in every way that a program can."""

import asyncio
import json
import os
import re
import sys
import time
from pathlib import Path

import pytest

from checks.evidence import Evidence
from checks.rule_files import gather_rules
from checks.scanners import SEMGREP_VERSION, find_scanners
from checks.semgrep import SemgrepLimits, arguments, environment, run_semgrep
from checks.sides import SideFile

TARGETS = Path(__file__).parent / "rules"
FETCH, INTO = "cu" + "rl -fsSL https://example.com", "| sudo ba" + "sh"
TEXTS = {
    "text.md": (
        "# ruleid: doorless.text.bidirectional\n"
        'if access != "user\u202e \u2066// check admin\u2069 \u2066":\n'
        "# ok: doorless.text.bidirectional\n"
        "Text from right to left, \u05e9\u05dc\u05d5\u05dd, is fine.\n"
    ),
    "shell.sh": (
        f"# ruleid: doorless.text.download-and-run\n{FETCH}/install.sh {INTO}\n"
        f"# ruleid: doorless.text.download-and-run\n{FETCH}/i?a=1'&'b=2 {INTO}\n"
        f"# ruleid: doorless.text.download-and-run\n{FETCH}/a \\\n  --silent {INTO}\n"
        f'# ruleid: doorless.text.download-and-run\nsh -c "$({FETCH}/i)"\n'
        f"# ruleid: doorless.text.download-and-run\nbash <({FETCH}/i)\n"
        f"# ruleid: doorless.text.download-and-run\n{FETCH}/i.py | sudo -E python3 -\n"
        f"# ok: doorless.text.download-and-run\n{FETCH}/data.json | jq .name\n"
        f"# ok: doorless.text.download-and-run\n{FETCH}/data.json | tee sh.txt\n"
        f"# ok: doorless.text.download-and-run\n{FETCH}/install.sh -o i && sha256sum --check i.sha256\n"
    ),
}
"""What the rules about any text would find in the files of this repository itself, so it is put together here."""

HIDDEN = b"def run(value):\n    eval(value)  # nosemgrep\n"


def look(files: list[SideFile], program: Path | None = None, limits: SemgrepLimits | None = None) -> Evidence:
    """One run with our rules."""
    semgrep = program or find_scanners(os.environ).semgrep
    return asyncio.run(run_semgrep(semgrep, gather_rules({}), files, limits))


def program(folder: Path, body: str) -> Path:
    """A program in semgrep's place; each start adds a line to `folder/starts`."""
    made = folder / "semgrep"
    head = f"#!{sys.executable}\nimport json, os, sys, time\nopen({str(folder / 'starts')!r}, 'a').write('x\\n')\n"
    made.write_text(head + body, encoding="utf-8")
    made.chmod(0o755)
    return made


def printing(**changed: object) -> str:
    """The body of a program that prints a report about everything it was given, less what is changed."""
    report = {"version": SEMGREP_VERSION, "results": [], "errors": [], "paths": {"scanned": []}} | changed
    return (
        f"report = json.loads({json.dumps(json.dumps(report))})\n"
        "report['paths']['scanned'] += sys.argv[sys.argv.index('--') + 1:]\nprint(json.dumps(report))\n"
    )


def test_every_rule_finds_what_it_must_and_nothing_else() -> None:
    """Each line after a `ruleid:` is found by that rule and each after an `ok:` is not; every shipped rule has both.

    Comments, names and folders hide nothing. With `--disable-nosem` gone the second eval was not found.
    """
    targets = sorted(TARGETS.glob("*.target"))
    files = [
        SideFile("head", f"tests/{path.name.removesuffix('.target')}", path.read_bytes()) for path in targets
    ]
    files += [SideFile("head", name, text.encode()) for name, text in TEXTS.items()]
    wanted: set[tuple[str, str, int]] = set()
    fine: set[tuple[str, str, int]] = set()
    for file in files:
        for number, line in enumerate(file.content.decode().splitlines(), 1):
            said = re.search(r"(ruleid|ok): (doorless[a-z.-]+)", line)
            if said:
                (wanted if said[1] == "ruleid" else fine).add((said[2], file.path, number + 1))
    evidence = look(files)
    assert {(each.rule, each.path, each.line) for each in evidence.findings} == wanted
    rules = {rule["id"] for rule in gather_rules({}).document["rules"]}
    assert {rule for rule, _, _ in wanted} == {rule for rule, _, _ in fine} == rules
    assert evidence.state == "failed"


def test_only_what_is_new_against_base_is_found_and_nothing_of_the_change_hides_it() -> None:
    """Known code that moved stays known and a second copy is new.

    An ignore file, two megabytes, a minified name, odd paths and a program without a suffix hide nothing; a file that
    cannot be read whole is a finding.
    """
    known = b"def run(value):\n    eval(value)\n"
    sides = [
        SideFile("base", "known.py", known),
        SideFile("head", "known.py", b"import os\n\n\n" + known),
        SideFile("base", "copied.py", known),
        SideFile("head", "copied.py", known + b"\n\n" + known.replace(b"run", b"again")),
        SideFile("head", ".semgrepignore", b"*\n"),
        SideFile("head", "node_modules/hidden.min.js", b"eval(value); // nosemgrep\n"),
        SideFile("head", "big.py", b"# long\n" * 300_000 + HIDDEN),
        SideFile("head", "-o/../odd name\n.py", HIDDEN),
        SideFile("head", "program", b"#!/usr/bin/env python3\n" + HIDDEN),
        SideFile("head", "broken.py", b"x = = 3\nclass ) :\n eval(value\n"),
    ]
    found = {(each.path, each.line, each.rule) for each in look(sides).findings}
    assert found == {
        ("copied.py", 6, "doorless.python.eval"),
        ("node_modules/hidden.min.js", 1, "doorless.javascript.eval"),
        ("big.py", 300_002, "doorless.python.eval"),
        ("-o/../odd name\n.py", 2, "doorless.python.eval"),
        ("program", 3, "doorless.python.eval"),
        ("broken.py", 1, "semgrep.not_analysed"),
    }


def test_one_start_for_a_change_of_many_files(tmp_path: Path) -> None:
    """Both sides of four hundred files are one call; no file at all is none."""
    fake = program(tmp_path, printing())
    files = [
        SideFile(side, f"src/{number}.py", b"x = 1\n") for number in range(200) for side in ("base", "head")
    ]
    assert look(files, fake).state == "passed"
    assert (tmp_path / "starts").read_text(encoding="ascii") == "x\n"
    assert look([], fake).state == "passed"
    assert (tmp_path / "starts").read_text(encoding="ascii") == "x\n"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("sys.exit(2)", "semgrep_crashed"),
        ("os.kill(os.getpid(), 9)", "semgrep_crashed"),
        ("print('no json')", "semgrep_garbled"),
        ("print('{}')", "semgrep_garbled"),
        ("sys.exit(0)", "semgrep_garbled"),
        (printing(version="1.0.0"), "semgrep_other_version"),
        (
            printing(errors=[{"type": "Timeout", "message": "too slow", "path": "head/a.py"}]),
            "semgrep_incomplete",
        ),
        (
            printing(errors=[{"type": ["OutOfMemory", []], "message": "", "path": "head/a.py"}]),
            "semgrep_incomplete",
        ),
        (printing(errors=[{"type": "Rule parse error", "message": "bad rule"}]), "semgrep_incomplete"),
        (
            f"sys.argv.append('--')\n{printing()}".replace("sys.argv.index('--') + 1:", "len(sys.argv):"),
            "semgrep_incomplete",
        ),
        ("sys.stdout.write('x' * (70 << 20))", "semgrep_too_much"),
    ],
)
def test_a_run_that_did_not_do_its_work_is_never_a_pass(tmp_path: Path, body: str, code: str) -> None:
    """A crash, a signal, silence, garbage, another version, a time-out of one rule, a file left out: `could_not_run`.

    Without the comparison of the files that were seen the tenth was a pass.
    """
    evidence = look([SideFile("head", "a.py", b"x = 1\n")], program(tmp_path, body))
    assert (evidence.state, evidence.code) == ("could_not_run", code)
    assert evidence.message
    assert evidence.remedy


def test_a_run_that_hangs_is_ended_with_all_its_processes(tmp_path: Path) -> None:
    """At the deadline the program and what it started are gone, and the answer is `could_not_run`."""
    body = f"if os.fork() == 0:\n    open({str(tmp_path / 'child')!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    evidence = look([SideFile("head", "a.py", b"")], program(tmp_path, body), SemgrepLimits(seconds=1.5))
    assert (evidence.state, evidence.code) == ("could_not_run", "semgrep_timed_out")
    child = int((tmp_path / "child").read_text(encoding="ascii"))
    end = time.monotonic() + 10
    while Path(f"/proc/{child}/stat").exists() and time.monotonic() < end:
        if Path(f"/proc/{child}/stat").read_text(encoding="ascii").split()[2] == "Z":
            break
        time.sleep(0.02)
    assert not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes()


def test_no_program_is_could_not_run(tmp_path: Path) -> None:
    """A semgrep that is not there, or cannot be executed, has not passed anything."""
    evidence = look([SideFile("head", "a.py", b"")], tmp_path / "none")
    assert (evidence.state, evidence.code) == ("could_not_run", "semgrep_missing")


def test_the_command_line_lets_nothing_out_and_hides_nothing() -> None:
    """Metrics and version checks are off, comments and sizes count for nothing, names cannot be taken for options."""
    argv = arguments(Path("/s/semgrep"), ["head/-x.py"], SemgrepLimits())
    for words in (
        ["--metrics", "off"],
        ["--disable-version-check"],
        ["--disable-nosem"],
        ["--max-target-bytes", "0"],
    ):
        at = argv.index(words[0])
        assert argv[at : at + len(words)] == words
    assert argv[-2:] == ["--", "head/-x.py"]
    variables = environment(Path("/s/semgrep"), Path("/h"))
    assert variables["HOME"] == "/h"
    assert not variables.keys() & {"SEMGREP_APP_TOKEN", "HTTPS_PROXY", "PYTHONPATH"}
