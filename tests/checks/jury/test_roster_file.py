"""jury.yaml: what an operator writes, and what is said about mistakes in it."""

from pathlib import Path

import pytest

from checks.jury.model import Budget, Juror, Price
from checks.jury.roster_file import read_roster
from decision.yaml_source import ConfigErrors

GOOD = """
libraries: {libraries}
jurors:
  first: {api: openai, service: openai, model: gpt-x, price: {input: 2.5, output: 10}}
  second: {api: openai, vendor: mistral, service: local, model: m/large:1, role: reviewer, price: {input: 0, output: 0.1}}
budget: {tokens: 50000, dollars: 0.25, seconds: 90}
"""


@pytest.fixture
def good(tmp_path: Path) -> str:
    """The text of a roster that can be used; its environment is there."""
    program = tmp_path / "models" / "bin" / "python3"
    program.parent.mkdir(parents=True)
    program.touch()
    return GOOD.replace("{libraries}", str(tmp_path / "models"))


def test_a_roster_is_read_in_whole_numbers(tmp_path: Path, good: str) -> None:
    """Money in millionths: 0.1 dollars are exactly 100,000 of them."""
    (tmp_path / "jury.yaml").write_text(good)
    found = read_roster(tmp_path / "jury.yaml")
    assert found.libraries == str(tmp_path / "models")
    assert found.jurors == (
        Juror("first", "openai", "openai", "openai", "gpt-x", "juror", Price(2_500_000, 10_000_000)),
        Juror("second", "mistral", "openai", "local", "m/large:1", "reviewer", Price(0, 100_000)),
    )
    assert found.budget == Budget(tokens=50_000, micro_dollars=250_000, seconds=90)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("  second:", "  third: {}\n  second:"), "'api' is missing"),
        (("libraries: /", "libraries: "), "absolute"),
        (("/models", "/gone"), "is no environment"),
        (("api: openai, service", "api: acme, service"), "'openai', 'anthropic' or 'gemini'"),
        (("seconds: 90", "seconds: 9000"), "240"),
        ((", price: {input: 2.5, output: 10}", ""), "price of every juror"),
        (("jurors:\n  first:", "jurors:\n  first: {}\n  first:"), "a second time"),
        (("gpt-x", "'gpt x'"), "must match"),
        (("libraries:", "key: sk-1\nlibraries:"), "unknown key"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, good: str, change: tuple[str, str], said: str
) -> None:
    """Nothing starts on a roster that is not wholly right."""
    text = good.replace(*change)
    assert text != good
    (tmp_path / "jury.yaml").write_text(text)
    with pytest.raises(ConfigErrors) as caught:
        read_roster(tmp_path / "jury.yaml")
    assert said in str(caught.value)
    assert "jury.yaml:" in str(caught.value)


def test_one_juror_is_no_jury(tmp_path: Path) -> None:
    """Nor is an empty list of them."""
    (tmp_path / "jury.yaml").write_text("libraries: /x\njurors: {a: {api: openai, service: s, model: m}}\n")
    with pytest.raises(ConfigErrors, match="two jurors"):
        read_roster(tmp_path / "jury.yaml")
