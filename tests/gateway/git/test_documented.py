"""The codes of pushes and proposals on the page of refusals are those that the gateway says."""

import re

import pytest

from tests.gateway.rig import REPOSITORY


@pytest.mark.parametrize("family", ["push", "proposal"])
def test_every_code_is_documented(family: str) -> None:
    """docs/refusals.md has each code in the sources of gateway/git, and no other."""
    code = re.compile(rf"[`\"]({family}\.[a-z_]+)[`\"]")
    sources = [*(REPOSITORY / "gateway" / "git").glob("*.py"), REPOSITORY / "gateway" / "refusals.py"]
    said = {found for source in sources for found in code.findall(source.read_text())}
    page = (REPOSITORY / "docs" / "refusals.md").read_text()
    table = page.partition("## Pushes")[2].partition("## Before asking")[0]
    rows = "\n".join(
        line for line in table.splitlines() if line.startswith(f"| `{family}.") and "…" not in line
    )
    assert set(code.findall(rows)) == said
