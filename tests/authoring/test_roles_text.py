"""Edits of a roles.yaml that leave all the rest of the text as it stands, or are not made."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings, strategies as st

from authoring.roles_text import CannotEdit, unified, with_limit, with_word, without_words
from decision.yaml_source import ConfigErrors
from tests.authoring.histories import SHIPPED

TEXT = """# What each kind of agent may do.
roles:
  # Reads a lot.
  reader:
    services:
      - reports   # of crashes
      # numbers over time
      - series
    actions: [list, show,
      write,   # seldom
      drop]
    data: [bodies]   # what else
    limits: { max_requests_per_min: 30, max_diff_lines: 10 }
  flow: { services: [series], actions: [list], limits: { max_diff_lines: 5 } }   # in a line
  empty: {}   # may do nothing
"""


def lines(old: str, new: str) -> list[str]:
    """What differs, without what stands around it."""
    return [line for line in unified(old, new).splitlines()[2:] if line[0] in "+-"]


def test_an_item_of_a_block_list_goes_with_its_line() -> None:
    """The other items keep their comments, and the comment above the next item stays with it."""
    assert lines(TEXT, without_words(TEXT, "reader", "services", ["reports"])) == [
        "-      - reports   # of crashes"
    ]


def test_an_item_of_a_flow_list_goes_with_its_comma() -> None:
    """First, in the middle, at the end, and several."""
    first = without_words(TEXT, "reader", "actions", ["list"])
    assert lines(TEXT, first) == ["-    actions: [list, show,", "+    actions: [show,"]
    ends = without_words(TEXT, "reader", "actions", ["list", "write", "drop"])
    assert yaml.safe_load(ends)["roles"]["reader"]["actions"] == ["show"]
    assert len(lines(TEXT, ends)) == 4


def test_an_emptied_list_goes_with_its_key() -> None:
    """A list without items is no list that the file may hold."""
    assert lines(TEXT, without_words(TEXT, "reader", "data", ["bodies"])) == [
        "-    data: [bodies]   # what else"
    ]


def test_a_word_is_added_in_the_layout_that_is_there() -> None:
    """In a flow list, a block list, as a new key among its neighbours, and in a role that has nothing."""
    assert lines(TEXT, with_word(TEXT, "reader", "services", "log")) == ["+      - log"]
    assert lines(TEXT, with_word(TEXT, "reader", "data", "points")) == [
        "-    data: [bodies]   # what else",
        "+    data: [bodies, points]   # what else",
    ]
    assert "actions: [list], data: [points], limits" in with_word(TEXT, "flow", "data", "points")
    assert "empty: { services: [log] }   # may do" in with_word(TEXT, "empty", "services", "log")
    assert lines(
        TEXT.replace("    data: [bodies]   # what else\n", ""),
        with_word(TEXT.replace("    data: [bodies]   # what else\n", ""), "reader", "data", "points"),
    ) == ["+    data: [points]"]


def test_a_limit_is_written_over() -> None:
    """Only its number changes."""
    assert lines(TEXT, with_limit(TEXT, "flow", "max_diff_lines", 3))[1].endswith(
        "limits: { max_diff_lines: 3 } }   # in a line"
    )


def test_the_last_line_may_end_without_a_newline() -> None:
    """The difference says so, as git does."""
    text = TEXT.rstrip("\n") + "\n  last:\n    services: [series]\n    actions:\n      - list"
    new = with_word(text, "last", "actions", "show")
    assert yaml.safe_load(new)["roles"]["last"]["actions"] == ["list", "show"]
    assert "\\ No newline at end of file" in unified(text, new)


def test_what_is_laid_out_too_oddly_is_not_edited() -> None:
    """Lines of one item that begin before it, a role that is not there: refused with what is in the way."""
    odd = "roles:\n  a:\n    services:\n      -\n        x1\n      - x2\n    actions: [r]\n"
    with pytest.raises(CannotEdit, match="laid out"):
        without_words(odd, "a", "services", ["x1"])
    with pytest.raises(CannotEdit, match="there is no b"):
        with_word(odd, "b", "services", "x")
    with pytest.raises(CannotEdit, match="no roles"):
        with_word("- a\n", "b", "services", "x")
    with pytest.raises(ConfigErrors):
        with_word("roles: &x {}\n", "b", "services", "x")


WORDS = st.lists(st.sampled_from(["aa", "bb", "cc", "dd"]), min_size=1, unique=True)


@st.composite
def laid_out(draw: st.DrawFn) -> str:
    """One role in any of the usual layouts, with comments."""
    services, actions = draw(WORDS), draw(WORDS)
    block = draw(st.booleans())
    listed = (
        "\n" + "".join(f"      - {word}  # {word}\n" for word in actions)
        if draw(st.booleans())
        else f" [{', '.join(actions)}]  # flow\n"
    )
    role = (
        f"  it:\n    # its services\n    services: [{', '.join(services)}]\n    actions:{listed}"
        if block
        else f"  it: {{ services: [{', '.join(services)}], actions: [{', '.join(actions)}] }}  # one line\n"
    )
    return f"# top\nroles:\n{role}  other: {{}}  # another\n# end\n"


@settings(max_examples=150, deadline=None)
@given(
    text=laid_out(),
    gone=st.sets(st.sampled_from(["aa", "bb", "cc", "dd"])),
    key=st.sampled_from(["services", "actions"]),
)
def test_edits_say_what_was_meant_and_keep_the_comments(text: str, gone: set[str], key: str) -> None:
    """Whatever goes, the rest is read as before, and comments go only with the lines that they stand in."""
    new = without_words(text, "it", key, gone)
    wanted: dict[str, Any] = yaml.safe_load(text)
    kept = [word for word in wanted["roles"]["it"].pop(key) if word not in gone]
    wanted["roles"]["it"] |= {key: kept} if kept else {}
    assert yaml.safe_load(new) == wanted
    assert all(comment in new for comment in ("# top", "# another", "# end"))


@settings(max_examples=100, deadline=None)
@given(text=laid_out(), key=st.sampled_from(["services", "actions", "data"]))
def test_a_word_that_is_added_and_taken_out_leaves_no_trace(text: str, key: str) -> None:
    """Adding and taking out again is the same text."""
    assert without_words(with_word(text, "it", key, "new"), "it", key, ["new"]) == text


def test_the_shipped_file_can_be_edited() -> None:
    """Every list of every shipped role takes one word more and one fewer."""
    text = (SHIPPED / "roles.yaml").read_text()
    for name, role in yaml.safe_load(text)["roles"].items():
        for key in {"services", "actions", "data"} & set(role):
            more = with_word(text, name, key, "other")
            assert without_words(more, name, key, ["other"]) == text
