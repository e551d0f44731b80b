"""The demo's code repository: a small program with its tests, as a bare repository that the forge serves.

Also what the demo adds to services.yaml and roles.yaml, so that two routes demand evidence.
"""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

WORLD = ("https://github.com", "https://api.github.com")
"""What services.yaml ships with; the demo's forge takes its place."""
NAME = "acme/shop"

RUN_TESTS = """\
import sys, unittest, xml.sax.saxutils as xml

sys.path.insert(0, ".")
result = unittest.TestResult()
suite = unittest.defaultTestLoader.discover("tests")
names = [test.id() for group in suite for each in group for test in each]
suite.run(result)
bad = {test.id(): why for test, why in result.failures + result.errors}
cases = "".join(
    f'<testcase classname="shop" name="{name}">'
    + (f"<failure>{xml.escape(bad[name])}</failure>" if name in bad else "")
    + "</testcase>"
    for name in names
)
open(sys.argv[1], "w").write(f'<testsuite tests="{len(names)}">{cases}</testsuite>')
sys.exit(bool(bad))
"""

FILES = {
    "README.md": "# Shop\n\nA cart that knows its total.\n",
    "shop/__init__.py": "",
    "shop/stats.py": (
        "def average(prices):\n    return sum(prices) / len(prices)\n\n\n"
        "def spread(prices):\n    return max(prices) - min(prices)\n"
    ),
    "shop/cart.py": "def total(prices):\n    return sum(prices)\n",
    "auth/login.py": "def may_enter(name):\n    return name in {'ann'}\n",
    "tests/run.py": RUN_TESTS,
    "tests/test_cart.py": (
        "import unittest\n\nfrom shop.cart import total\n\n\n"
        "class Cart(unittest.TestCase):\n"
        "    def test_total(self):\n        self.assertEqual(total([1, 2]), 3)\n\n"
        "    def test_empty(self):\n        self.assertEqual(total([]), 0)\n"
    ),
    ".doorless/checks.yaml": 'tests:\n  command: [python, tests/run.py, "{report}"]\n  seconds: 60\n',
}

MORE_SERVICES = """
  # The same repositories, for a role whose pushes are scanned first, and for one whose pushes are tested.
  code-repository-scanned:
    upstream: {url}
    allow_loopback: true
    git:
      {git}
      push: {{ action: create-branch, require_evidence: [semgrep] }}

  code-repository-tested:
    upstream: {url}
    allow_loopback: true
    git:
      {git}
      push: {{ action: create-branch, require_evidence: [tests] }}
"""
MORE_ROLES = """
  # As pr-creator, and it may ask for a merge, which a person must give.
  proposer:
    services: [code-repository]
    actions: [read, create-pr, create-branch, merge]
    forbidden_paths: [auth/*, .ci/*, security/*]

  scanned-pr-creator:
    services: [code-repository-scanned]
    actions: [read, create-branch]

  tested-pr-creator:
    services: [code-repository-tested]
    actions: [read, create-branch]
"""


def found(folder: Path) -> Path:
    """Make the repository below `folder`; where it is."""
    return made(folder / f"{NAME}.git", {path: text.encode() for path, text in FILES.items()})


def made(bare: Path, files: Mapping[str, bytes], *more: str) -> Path:
    """A bare repository with these files on `main`, and on the branches `more`."""
    bare.mkdir(parents=True)
    _git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
    stream = b"commit refs/heads/main\ncommitter ann <ann@example.com> 1700000000 +0000\ndata 5\nfirst\n"
    for path, content in sorted(files.items()):
        stream += f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
    for branch in more:
        stream += f"reset refs/heads/{branch}\nfrom refs/heads/main\n\n".encode()
    _git(bare, "fast-import", "--quiet", given=stream)
    return bare


def refs(bare: Path) -> dict[str, str]:
    """What the forge has, by its own account."""
    listed = _git(bare, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return {name: commit for name, _, commit in (line.partition(" ") for line in listed)}


def message(bare: Path, commit: str) -> str:
    """What a commit says of itself."""
    return _git(bare, "log", "-1", "--format=%B", commit)


def pointed_at(services: str, url: str) -> str:
    """The text of services.yaml with the demo's forge in it."""
    git = f"upstream: {url}\n      allow_loopback: true\n      credential: forge-git"
    for world in WORLD:
        services = re.sub(
            rf"^( *)upstream: {re.escape(world)}\n",
            rf"\1upstream: {url}\n\1allow_loopback: true\n",
            services,
            flags=re.MULTILINE,
        )
    return services.rstrip("\n") + "\n" + MORE_SERVICES.format(url=url, git=git)


def _git(bare: Path, *words: str, given: bytes = b"") -> str:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(bare), "GIT_CONFIG_NOSYSTEM": "1"}
    ran = subprocess.run(
        ["git", *words], cwd=bare, env=environment, input=given, capture_output=True, check=True
    )
    return ran.stdout.decode()
