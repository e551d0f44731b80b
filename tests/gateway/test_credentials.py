"""The credentials file: what loads, what is refused with its place, and that no message repeats a secret."""

from pathlib import Path

import pytest

from gateway.credentials import CredentialsInvalid, load_credentials

SECRET = "canary-sk-live-7f3a"


def _file(folder: Path, text: str) -> Path:
    (folder / "key").write_text(SECRET + "\n")
    file = folder / "credentials.yaml"
    file.write_text(text)
    return file


def test_each_placement_puts_the_secret_where_it_says(tmp_path: Path) -> None:
    """A header with its prefix, a query parameter percent-encoded, and basic authentication."""
    file = _file(
        tmp_path,
        """
credentials:
  a: {file: key, as: header, name: Authorization, prefix: "Bearer "}
  b: {file: key, as: query, name: api_key}
  c: {file: key, as: basic, name: user}
""",
    )
    loaded = load_credentials(file)
    assert loaded.names() == {"a", "b", "c", "workflow-jwt"}
    assert loaded.header_names() == {b"authorization"}
    assert loaded.query_names() == {"api_key"}
    shown = {name: loaded._static[name] for name in "abc"}
    assert shown["a"].header() == ("Authorization", f"Bearer {SECRET}")
    assert shown["b"].query() == f"api_key={SECRET}".encode()
    assert SECRET not in repr(shown)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            "credentials:\n  a: {file: key, as: header, name: X}\n  a: {file: key, as: header, name: Y}\n",
            ":3:3:",
        ),
        (f"credentials:\n  a: {{value: {SECRET}, as: header, name: X}}\n", ":2:7:"),
        (f"credentials:\n  a: {{file: key, as: {SECRET}, name: X}}\n", ":2:"),
        ("credentials:\n  a: {as: header, name: X}\n", ":2:"),
        ("credentials: [1]\n", ":1:14:"),
        ("credentials: {\n", "credentials.yaml"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place_and_without_its_values(
    tmp_path: Path, text: str, place: str
) -> None:
    """Duplicate and unknown keys, wrong values, no source, wrong types: each names its line, none shows a value."""
    with pytest.raises(CredentialsInvalid) as refused:
        load_credentials(_file(tmp_path, text))
    assert place in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"two\nlines", "schlüssel".encode()])
def test_a_secret_that_no_header_could_carry_is_refused(tmp_path: Path, content: bytes) -> None:
    """Empty, binary, several lines or other than ASCII: refused by the entry's name alone."""
    file = _file(tmp_path, "credentials:\n  a: {file: key, as: header, name: X}\n")
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(CredentialsInvalid, match=r"credentials\.a"):
        load_credentials(file)


def test_a_secret_pasted_in_place_of_a_file_name_is_not_shown(tmp_path: Path) -> None:
    """The commonest mistake of all."""
    file = _file(tmp_path, f"credentials:\n  a: {{file: {SECRET}, as: header, name: X}}\n")
    with pytest.raises(CredentialsInvalid) as refused:
        load_credentials(file)
    assert SECRET not in str(refused.value)
