"""Tests of the YAML reader."""

import pytest

from decision.yaml_source import MAX_CHARACTERS, ConfigErrors, read_yaml


def test_values_and_positions() -> None:
    """Plain YAML becomes plain values, and every value and key has its place."""
    document = read_yaml("f", 'a:\n  - {b: 1, c: "2"}\n  - [true, null, 1.5, -3, text]\n')
    assert document.value == {"a": [{"b": 1, "c": "2"}, [True, None, 1.5, -3, "text"]]}
    assert document.values_at["a", 0, "c"] == (2, 15)
    assert document.keys_at["a", 0, "c"] == (2, 12)
    assert document.keys_at["a",] == (1, 1)


def test_error_at_falls_back_to_the_nearest_parent() -> None:
    """An error about something absent points at what should have held it."""
    document = read_yaml("f", "a:\n  b: 1\n")
    error = document.error_at(("a", "missing", "deeper"), "no")
    assert (error.line, error.column) == (1, 1)
    assert str(error) == "f:1:1: no"


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: 1\na: 2\n", 2, 1, "the key 'a' stands here a second time; it is already on line 1"),
        ("a: 1\n'a': 2\n", 2, 1, "second time"),
        ("x: {a: 1, a: 2}\n", 1, 11, "second time"),
        ("a: &x 1\n", 1, 4, "an anchor"),
        ("a: [&x b]\n", 1, 5, "an anchor"),
        ("a: *x\n", 1, 4, "an alias"),
        ("*x : 1\n", 1, 1, "an alias"),
        ("a: !!str 1\n", 1, 4, "a tag"),
        ("a: !python/object:os.system {}\n", 1, 4, "a tag"),
        ("a: 1\n---\nb: 2\n", 2, 1, "a second document"),
        ("1: a\n", 1, 1, "a key that is not text"),
        ("[a]: b\n", 1, 1, "a key that is not text"),
        ("? \n: b\n", 1, 2, "a key that is not text"),
        ("a: yes\n", 1, 4, "'yes' has two meanings"),
        ("no: a\n", 1, 1, "'no' has two meanings"),
        ("a: TRUE\n", 1, 4, "two meanings"),
        ("a: 010\n", 1, 4, "two meanings"),
        ("a: 0x10\n", 1, 4, "two meanings"),
        ("a: 1_000\n", 1, 4, "two meanings"),
        ("a: 1:30\n", 1, 4, "two meanings"),
        ("a: 1e3\n", 1, 4, "two meanings"),
        ("a: .inf\n", 1, 4, "two meanings"),
        ("a: 2026-01-01\n", 1, 4, "two meanings"),
        ("<<: {a: 1}\n", 1, 1, "two meanings"),
        ("a: [1\n", 2, 1, "not YAML"),
        ("a:\n\tb: 1\n", 2, 1, "not YAML"),
        ("a: \x00\n", 1, 1, "not YAML"),
        (f"a: {'[' * 30}{']' * 30}\n", 1, 1, "nested deeper than 20"),
        ("#" * (MAX_CHARACTERS + 1), 1, 1, "longer than"),
    ],
)
def test_refuses(text: str, line: int, column: int, words: str) -> None:
    """Everything that could be read in two ways, or that is no plain YAML, is refused with its place."""
    with pytest.raises(ConfigErrors) as caught:
        read_yaml("f", text)
    error = caught.value.errors[0]
    assert words in error.message
    assert (error.line, error.column) == (line, column)


def test_all_errors_are_found_together() -> None:
    """A text with several errors names each of them, in the order in which they stand."""
    with pytest.raises(ConfigErrors) as caught:
        read_yaml("f", "a: yes\nb: &x 1\nb: *x\n")
    assert [error.line for error in caught.value.errors] == [1, 2, 3, 3]


@pytest.mark.parametrize(
    "text", ["a: 'yes'\n", 'a: "010"\n', "a: |\n  yes\n", "a: yes please\n", "a: v1.2\n"]
)
def test_quoted_words_are_text(text: str) -> None:
    """What is in quotes, or is plainly a word, is text."""
    value = read_yaml("f", text).value
    assert isinstance(value, dict)
    assert isinstance(value["a"], str)


def test_nothing_is_an_empty_value() -> None:
    """An empty text is no error of YAML; what the file must hold is for its reader to say."""
    assert read_yaml("f", "# only a comment\n").value is None


def test_a_number_too_long_stays_text() -> None:
    """A number that fits no 64 bits is never rounded: it stays text, which no count accepts."""
    assert read_yaml("f", f"a: {'9' * 5000}\n").value == {"a": "9" * 5000}
