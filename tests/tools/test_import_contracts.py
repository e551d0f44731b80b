import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.tools.conftest import ROOT

CONFIG: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINTER: dict[str, Any] = CONFIG["tool"]["importlinter"]
CONTRACTS: dict[str, Any] = {contract["id"]: contract for contract in LINTER["contracts"]}
PURE: list[str] = CONTRACTS["pure"]["source_modules"]
OUTSIDE = {"bench", "tests", "tools"}  # not part of the product
# "pure but for", "(pure)" and "pure `name`" speak of a part of a module
SAYS_PURE = re.compile(r"(?i)\bpure\b(?! but for|\)| `)")


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run the import rules of our pyproject.toml over the packages in a folder."""
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program), "--no-cache", "--no-logo", "--config", str(ROOT / "pyproject.toml")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=tree)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Every package and every module that a rule names, all empty, and the one import that needs an exception."""
    for package in LINTER["root_packages"]:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    for module in PURE:
        write(tmp_path, module, "")
    write(tmp_path, "gateway.identify", "from issuer.token import verify")
    return tmp_path


def write(tree: Path, module: str, text: str) -> None:
    """Write one module; packages on the way come into being."""
    path = (tree / module.replace(".", "/")).with_suffix(".py")
    path.parent.mkdir(exist_ok=True)
    (path.parent / "__init__.py").touch()
    path.write_text(f"{text}\n", encoding="utf-8")


def test_what_the_house_allows_is_kept(tree: Path) -> None:
    """Programs import leaves, the gateway imports the token's verify half, and doorless imports all."""
    write(tree, "issuer.app", "import audit.entry, decision.model, os, time")
    write(tree, "doorless.up", "import gateway, issuer, workflows, tenants, sandbox")
    write(tree, "tenants.agents.crash", "import httpx")
    done = lint(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "text", "contract"),
    [
        ("audit.stray", "import decision.model", "layers"),
        ("decision.stray", "import gateway", "layers"),
        ("sandbox.stray", "import workflows", "layers"),
        ("gateway.stray", "import workflows", "layers"),
        ("gateway.stray", "import issuer.ring", "layers"),
        ("issuer.stray", "import gateway.call", "layers"),
        ("workflows.stray", "from issuer.token import verify", "layers"),
        ("workflows.stray", "import doorless", "layers"),
        ("gateway.stray", "import tenants", "layers"),
        ("tenants.stray", "import gateway", "layers"),
        ("tenants.agents.stray", "from audit import entry", "tenants"),
        ("tenants.stray", "def late() -> None:\n    import sandbox", "tenants"),
        ("issuer.token", "from time import time", "pure"),
        ("sandbox.room", "import os.path", "pure"),
        ("gateway.call", "import httpx", "pure"),
        ("decision.document", "import decision.child\n", "pure"),
    ],
)
def test_what_the_house_forbids_is_found(tree: Path, module: str, text: str, contract: str) -> None:
    """One stray import, late or through another module, breaks the contract that forbids it."""
    write(tree, "decision.child", "import subprocess")
    write(tree, module, text)
    done = lint(tree)
    assert done.returncode == 1, done.stdout
    kept_or_broken = dict(re.findall(r"^(.+?) ?(KEPT|BROKEN)\b", done.stdout, re.MULTILINE))
    assert kept_or_broken[CONTRACTS[contract]["name"]] == "BROKEN", done.stdout


def test_no_package_escapes_the_rules() -> None:
    """Every top-level package of the product is watched, has its layer, and goes into the wheel."""
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - OUTSIDE
    layered = {word.strip(" ()") for layer in CONTRACTS["layers"]["layers"] for word in layer.split("|")}
    assert packages == set(LINTER["root_packages"])
    assert packages <= layered
    assert packages <= set(CONFIG["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])


def test_a_module_that_says_it_is_pure_is_watched() -> None:
    """A docstring that promises purity puts its module into the contract, so that the promise is checked."""
    promising = set()
    for package in LINTER["root_packages"]:
        for path in (ROOT / package).rglob("*.py"):
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            if package != "tenants" and SAYS_PURE.search(docstring):
                promising.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert sorted(promising - set(PURE)) == [], "add these to the contract `pure` in pyproject.toml"
