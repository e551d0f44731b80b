"""witnesses.yaml: read strictly, and only ever written so that it loads."""

from pathlib import Path

import pytest

from audit.note import COSIGNATURE, Signer
from decision.yaml_source import ConfigErrors
from doorless.home import Home
from doorless.witnesses import add_witness, load_witnesses

ONE, TWO = (
    Signer(f"witness.example/{name}", bytes([name]) * 32, COSIGNATURE).verifier.vkey for name in (1, 2)
)
LOG = Signer("log.example", bytes(32)).verifier.vkey
AT = "unix:/srv/w.sock"


def written(folder: Path, text: str) -> Home:
    home = Home(folder)
    home.witnesses.write_text(text, encoding="utf-8")
    return home


def test_a_home_without_the_file_has_no_witness(tmp_path: Path) -> None:
    """None is asked, none can be missing."""
    assert load_witnesses(Home(tmp_path)).witnesses == ()


def test_witnesses_are_added_behind_what_stands_there(tmp_path: Path) -> None:
    """Comments and choices of the operator stay; one that is known is not added again."""
    home = Home(tmp_path)
    add_witness(home, ONE, AT)
    text = home.witnesses.read_text().replace("quorum: 1", "quorum: 1  # for now")
    home.witnesses.write_text(text)
    added = add_witness(home, TWO, "https://two.example")
    assert [(each.key, each.at) for each in added.witnesses] == [(ONE, AT), (TWO, "https://two.example")]
    assert [key.vkey for key in added.keys] == [ONE, TWO]
    assert "# for now" in home.witnesses.read_text()
    before = home.witnesses.read_text()
    add_witness(home, ONE, AT)
    assert home.witnesses.read_text() == before


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f'witnesses:\n  - {{key: "{LOG}", at: "{AT}"}}\n', ":2:"),
        ('witnesses:\n  - {key: "nonsense", at: "unix:/w"}\n', ":2:"),
        (f'witnesses:\n  - {{key: "{ONE}", at: "w.sock"}}\n', ":2:"),
        (f'quorum: 2\nwitnesses:\n  - {{key: "{ONE}", at: "{AT}"}}\n', ":1:"),
        ("quorum: 0\n", ":1:"),
        ("alarm_after_s: 0\n", ":1:"),
        ("honest: true\n", ":1:"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(tmp_path: Path, text: str, place: str) -> None:
    """Another kind of key, no key, no address, a quorum that cannot be met, what nobody knows."""
    home = written(tmp_path, text)
    with pytest.raises(ConfigErrors) as errors:
        load_witnesses(home)
    assert place in str(errors.value.errors[0])


def test_what_would_not_load_is_not_written(tmp_path: Path) -> None:
    """The file stays as it was."""
    home = Home(tmp_path)
    add_witness(home, ONE, AT)
    before = home.witnesses.read_text()
    with pytest.raises(ConfigErrors):
        add_witness(home, TWO, 'unix:/x", honest: "true')
    with pytest.raises(ConfigErrors):
        add_witness(home, LOG, AT)
    assert home.witnesses.read_text() == before
