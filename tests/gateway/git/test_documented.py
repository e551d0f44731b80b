"""The codes of pushes on the page of refusals are those that the gateway says."""

import re

from tests.gateway.rig import REPOSITORY

CODE = re.compile(r"[`\"](push\.[a-z_]+)[`\"]")


def test_every_code_of_a_push_is_documented() -> None:
    """docs/refusals.md has each code in the sources of gateway/git, and no other.."""
    sources = [*(REPOSITORY / "gateway" / "git").glob("*.py"), REPOSITORY / "gateway" / "refusals.py"]
    said = {code for source in sources for code in CODE.findall(source.read_text())}
    page = (REPOSITORY / "docs" / "refusals.md").read_text()
    table = page.partition("## Pushes")[2].partition("## Before asking")[0]
    rows = "\n".join(line for line in table.splitlines() if line.startswith("| `push.") and "…" not in line)
    assert set(CODE.findall(rows)) == said
