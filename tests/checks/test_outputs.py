import json
from pathlib import Path
from typing import Any

import pytest

from checks.outputs import MAX_BYTES, OutputSchemas, SchemaInvalid

PULL: dict[str, Any] = {
    "type": "create-pr",
    "repository": "owner/name",
    "base": "main",
    "head": "agent/wf-a/fix",
    "title": "Fix the crash",
    "body": "It crashed.\n",
}
ALERT: dict[str, Any] = {
    "type": "alert-team",
    "team": "on-call",
    "severity": "high",
    "title": "Crash",
    "summary": "It crashed.",
}
REPORT: dict[str, Any] = {
    "type": "report",
    "title": "Crashes",
    "summary": "Two.",
    "findings": [{"title": "One", "confidence": 0.9}],
}
SCHEMAS = OutputSchemas()


def pointers(document: dict[str, Any] | bytes) -> set[str]:
    """Where something is wrong."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return {error.pointer for error in SCHEMAS.check(raw)}


@pytest.mark.parametrize("document", [PULL, ALERT, REPORT], ids=lambda document: document["type"])
def test_a_document_that_is_what_it_says_has_no_error(document: dict[str, Any]) -> None:
    """One of each shipped type, and no other type ships."""
    assert pointers(document) == set()
    assert SCHEMAS.types == ("alert-team", "annotation", "create-pr", "merge-pr", "report", "report-status")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "merge"}, "/type"),
        ({"type": ["create-pr"]}, "/type"),
        ({"base": "../main"}, "/base"),
        ({"base": "-main"}, "/base"),
        ({"head": "refs//x"}, "/head"),
        ({"title": ""}, "/title"),
        ({"title": "two\nlines"}, "/title"),
        ({"title": "steers\x1b[2J"}, "/title"),
        ({"body": "x" * 65_537}, "/body"),
        ({"body": "bell\x07"}, "/body"),
        ({"repository": "name"}, "/repository"),
        ({"extra": 1}, ""),
        ({"draft": "yes"}, "/draft"),
        ({"evidence": [{"kind": "feeling", "text": "x"}]}, "/evidence/0/kind"),
        ({"commit": "HEAD"}, "/commit"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(change: dict[str, Any], pointer: str) -> None:
    """Each change of a good document is one error at its own JSON pointer."""
    assert pointers(PULL | change) == {pointer}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"accuracy": 0.98, "samples": 240}, None),
        ({"accuracy": 0, "samples": 1}, None),
        ({"accuracy": 0.98}, ""),
        ({"samples": 240}, ""),
        ({"accuracy": 1.01, "samples": 240}, "/accuracy"),
        ({"accuracy": True, "samples": 240}, "/accuracy"),
        ({"accuracy": 0.5, "samples": 0}, "/samples"),
    ],
)
def test_a_report_states_its_accuracy_with_the_number_of_samples_or_not_at_all(
    change: dict[str, Any], pointer: str | None
) -> None:
    """A share of an unknown number of samples says nothing, and would have been charted all the same."""
    assert pointers(REPORT | change) == ({pointer} if pointer is not None else set())


def test_all_errors_are_found_at_once() -> None:
    """Three mistakes are three errors."""
    assert pointers(PULL | {"base": "", "draft": 1, "more": 1}) == {"/base", "/draft", ""}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b'{"type":"report","type":"create-pr"}',
        b'{"type":"report","title":NaN}',
        b"[" * 100_000,
        b'{"a":' * 80 + b"1" + b"}" * 80,
        b'"' + b"x" * MAX_BYTES + b'"',
        b"\xff\xfe",
    ],
)
def test_what_is_no_plain_json_object_is_one_error(raw: bytes) -> None:
    """Nothing, other values, a key twice, NaN, endless nesting, too much, no UTF-8: an error and no exception."""
    assert SCHEMAS.check(raw)


def test_an_error_never_carries_the_value_whole() -> None:
    """Long values are cut and what would steer a terminal is escaped."""
    errors = SCHEMAS.check(json.dumps(PULL | {"title": "\x1b" * 5000}).encode())
    assert all(len(error.message) < 400 and error.message.isprintable() for error in errors)


def test_a_user_adds_a_type_by_adding_a_schema(tmp_path: Path) -> None:
    """A file gives its name to a type, and references lead nowhere outside of it."""
    schema = {
        "type": "object",
        "required": ["when"],
        "properties": {"type": {"const": "status"}, "when": {"type": "string"}},
    }
    (tmp_path / "status.json").write_text(json.dumps(schema), encoding="utf-8")
    schemas = OutputSchemas(tmp_path)
    assert schemas.check(b'{"type":"status","when":"now"}') == ()
    assert [error.pointer for error in schemas.check(b'{"type":"status"}')] == [""]
    (tmp_path / "away.json").write_text('{"$ref": "https://example.com/schema.json"}', encoding="utf-8")
    assert OutputSchemas(tmp_path).check(b'{"type":"away"}')


@pytest.mark.parametrize(
    ("name", "text"),
    [("report.json", "{}"), ("No Name.json", "{}"), ("bad.json", "{"), ("wrong.json", '{"type": 3}')],
)
def test_a_schema_that_cannot_be_used_is_refused(tmp_path: Path, name: str, text: str) -> None:
    """One that redefines a shipped type, has no fit name, is no JSON or no schema: refused with its file's name."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(SchemaInvalid, match=name.split(".", maxsplit=1)[0]):
        OutputSchemas(tmp_path)
