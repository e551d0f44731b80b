"""Changes to policies, each a few steps in a working folder: those that are proven, and those that are one step away.

One list for whoever proves (the checks) and whoever lets through (a push).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

SERVICES = """# What there is.
services:
  notes:
    upstream: https://notes.example
    routes:
      show: {method: GET, path: "/notes/{id}", action: read, data: notes}
      list: {method: GET, path: /notes, action: list, data: notes}
      add: {method: POST, path: /notes, action: write, data: notes}
  log:
    upstream: https://log.example
    routes:
      read: {method: GET, path: /log, action: read, data: entries}
"""
ROLES = """# Who may do what.
roles:
  # Reads and writes.
  writer:
    services: [notes]
    actions: [read, list, write]
    data: [notes]
    limits: { max_requests_per_min: 30, max_diff_lines: 100 }
    forbidden_paths: [auth/*, .ci/*]
  guest: { services: [notes], actions: [list], data: [notes] }
  meta-workflow: { services: [log], actions: [read], data: [entries] }
  people: { agent: false }
"""
LESS = ("actions: [read, list, write]", "actions: [read, list]")
"""One grant fewer."""
RULE = """package request.vetoes.late

import data.lib.result

# METADATA
# title: It is late
# custom:
#   code: request.late
#   message: It is late.
#   remedy: Come again tomorrow.
deny contains result.reason(rego.metadata.chain(), {}) if not _early

_early if input.now < 5
"""
TEST = """package request.vetoes.late_test

import data.request.vetoes.late

test_caught if count(late.deny) == 1 with input as {"now": 6}
"""
FOLDER = "policies/request/vetoes/late"
VETO = {f"{FOLDER}/late.rego": RULE, f"{FOLDER}/late_test.rego": TEST}


def named(name: str) -> dict[str, str]:
    """The same veto under another name."""
    return {path.replace("late", name): text.replace("late", name) for path, text in VETO.items()}


THERE = named("never")
"""A veto that the base has already."""


class Work(Protocol):
    """A working folder, and git in it."""

    @property
    def folder(self) -> Path:
        """Where it is."""

    def git(self, *words: str) -> Any:
        """Run git there."""


Step = Callable[[Work], object]


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files, their folders too."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def roles(*pairs: tuple[str, str]) -> Step:
    """Each old text of roles.yaml replaced by a new one."""

    def step(clone: Work) -> None:
        file = clone.folder / "policies/roles.yaml"
        text = file.read_text()
        for old, new in pairs:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        file.write_text(text)

    return step


def files(more: dict[str, str]) -> Step:
    """Files written."""
    return lambda clone: write(clone.folder, more)


def moved(old: str, new: str) -> Step:
    """A file renamed."""
    return lambda clone: clone.git("mv", old, new)


def linked(path: str, target: str) -> Step:
    """A symbolic link where a file is or could be."""

    def step(clone: Work) -> None:
        place = clone.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(target)

    return step


def executable(path: str) -> Step:
    """A file's mode changed."""
    return lambda clone: (clone.folder / path).chmod(0o755)


def both(*steps: Step) -> Step:
    """Several steps in one commit."""
    return lambda clone: [step(clone) for step in steps]


def veto(old: str = "", new: str = "", *, test: tuple[str, str] = ("", "")) -> Step:
    """The new rule, one text in it replaced."""
    assert old in RULE
    assert test[0] in TEST
    return files(
        {f"{FOLDER}/late.rego": RULE.replace(old, new, 1), f"{FOLDER}/late_test.rego": TEST.replace(*test, 1)}
    )


OTHER = files({"README.md": "# else\n"})

NEAR_LESS: dict[str, tuple[Step, ...]] = {
    "a comment alone": (roles(("# Reads and writes.", "# Writes and reads.")),),
    "a limit alone": (roles(("max_diff_lines: 100", "max_diff_lines: 50")),),
    "a grant for another": (roles(LESS, ("actions: [list]", "actions: [list, read]")),),
    "a limit raised": (roles(LESS, ("max_diff_lines: 100", "max_diff_lines: 101")),),
    "a limit dropped": (roles(LESS, (", max_diff_lines: 100", "")),),
    "a forbidden path dropped": (roles(LESS, ("[auth/*, .ci/*]", "[auth/*]")),),
    "a role more": (roles(LESS, ("people: { agent: false }", "people: { agent: false }\n  more: {}")),),
    "a service without a word of it": (
        roles(LESS, ("guest: { services: [notes]", "guest: { services: [notes, log]")),
    ),
    "its own role narrower": (roles((", actions: [read], data: [entries] }", ", actions: [read] }")),),
    "its own role with a limit": (
        roles(LESS, ("data: [entries] }", "data: [entries], limits: { max_diff_lines: 1 } }")),
    ),
    "its own role gone": (
        roles(("\n  meta-workflow: { services: [log], actions: [read], data: [entries] }", "")),
    ),
    "people made an agent": (roles(LESS, ("{ agent: false }", "{}")),),
    "an agent made people": (
        roles(("guest: { services: [notes], actions: [list], data: [notes] }", "guest: { agent: false }")),
    ),
    "what does not load": (roles((LESS[0], "actions: [fly]")),),
    "no YAML": (roles((LESS[0], "actions: [read")),),
    "a key twice": (roles(LESS, ("data: [notes]\n", "data: [notes]\n    data: [notes]\n")),),
    "another file too": (both(roles(LESS), OTHER),),
    "another file on the way": (both(roles(LESS), OTHER), files({"README.md": "# shop\n"})),
    "the services too": (both(roles(LESS), files({"policies/services.yaml": SERVICES + "# more\n"})),),
    "another name": (moved("policies/roles.yaml", "policies/role.yaml"),),
    "its case twin": (both(roles(LESS), files({"policies/Roles.yaml": ROLES})),),
    "a twin of its folder": (files({"Policies/roles.yaml": ROLES.replace(*LESS)}),),
    "a link": (linked("policies/roles.yaml", "../README.md"),),
    "another mode": (both(roles(LESS), executable("policies/roles.yaml")),),
    "a link on the way": (
        linked("policies/roles.yaml", "../README.md"),
        both(
            lambda clone: (clone.folder / "policies/roles.yaml").unlink(),
            files({"policies/roles.yaml": ROLES.replace(*LESS)}),
        ),
    ),
}


NEAR_VETO: dict[str, tuple[Step, ...]] = {
    "a veto that allows": (veto("_early if", "allow if"),),
    "a veto that grants": (veto("deny contains", "grant if true\n\ndeny contains"),),
    "a default": (veto("_early if", "default _early := true\n\n_early if"),),
    "a package of another name": (veto("package request.vetoes.late", "package request.rules.role_grant"),),
    "a package below": (veto("package request.vetoes.late", "package request.vetoes.late.more"),),
    "an imported helper": (
        both(
            veto("import data.lib.result", "import data.lib.result\nimport data.request.vetoes.late.more"),
            files({f"{FOLDER}/more.rego": "package request.vetoes.late.more\n\ndeny contains 1\n"}),
        ),
    ),
    "an import of a rule": (
        veto("import data.lib.result", "import data.lib.result\nimport data.request.rules.role_grant"),
    ),
    "an entry point": (veto("# title: It is late", "# title: It is late\n# entrypoint: true"),),
    "no Rego": (veto("deny contains", "deny contains contains"),),
    "no test": (files({f"{FOLDER}/late.rego": RULE}),),
    "a test without tests": (veto(test=("test_caught", "_caught")),),
    "a test in the package of a rule": (
        veto(test=("package request.vetoes.late_test", "package request.rules.role_grant")),
    ),
    "a test that grants": (veto(test=("test_caught if", "grant := true\n\ntest_caught if")),),
    "two folders": (both(veto(), files(named("soon"))),),
    "a rule, which somebody must name": (
        files(
            {path.replace("vetoes", "rules"): text.replace("vetoes", "rules") for path, text in VETO.items()}
        ),
    ),
    "an area that asks no veto": (
        files(
            {path.replace("request", "jury"): text.replace("request", "jury") for path, text in VETO.items()}
        ),
    ),
    "another file too": (both(veto(), OTHER),),
    "another file on the way": (both(veto(), OTHER), files({"README.md": "# shop\n"})),
    "the roles too": (both(veto(), roles(LESS)),),
    "the entry point too": (
        both(veto(), files({"policies/request/more.rego": "package request\n\nmore := 1\n"})),
    ),
    "a folder that is there": (
        files(
            {
                "policies/request/vetoes/never/late.rego": RULE.replace("late", "never"),
                "policies/request/vetoes/never/late_test.rego": TEST.replace("late", "never"),
            }
        ),
    ),
    "a veto that is there": (files({path: text + "\n# More.\n" for path, text in THERE.items()}),),
    "the name of a rule": (files(named("timeout_ms")),),
    "no entry point's folder": (
        files(
            {name.replace("request", "lib"): text.replace("request", "lib") for name, text in VETO.items()}
        ),
    ),
    "a link for the rule": (
        both(
            files({f"{FOLDER}/late_test.rego": TEST}),
            linked(f"{FOLDER}/late.rego", "../never/never.rego"),
        ),
    ),
    "another mode": (both(veto(), executable(f"{FOLDER}/late.rego")),),
    "a case twin": (
        files({path.replace("vetoes/never", "vetoes/Never"): text for path, text in THERE.items()}),
    ),
    "a name that is never served": (files(named("late_test")),),
    "too large": (veto("# METADATA", "# " + "x" * 70_000 + "\n\n# METADATA"),),
}

NEAR: dict[str, tuple[Step, ...]] = {**NEAR_LESS, **NEAR_VETO}
