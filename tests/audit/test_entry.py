"""Entries: canonical form, what is refused, quoting."""

import hashlib
import json
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings, strategies as st

from audit.entry import (
    MAX_ENTRY_BYTES,
    DecisionEntry,
    Entry,
    EntryInvalid,
    EntryTooLarge,
    Obligation,
    decision_id,
    decode,
    document_digest,
    encode,
    entry_id,
    quote_untrusted,
    refused_request,
)
from tests.audit.samples import DOCUMENTS, ENTRIES, decision, event, name, outcome, refusal


@given(ENTRIES)
@settings(max_examples=400, deadline=None)
def test_bytes_are_those_of_the_rfc8785_reference(entry: Entry) -> None:
    """Our bytes are exactly what the RFC 8785 reference makes of the same document."""
    assert encode(entry) == rfc8785.dumps(msgspec.to_builtins(entry))


@given(ENTRIES)
@settings(max_examples=200, deadline=None)
def test_round_trip(entry: Entry) -> None:
    """What was encoded decodes to an equal entry."""
    assert decode(encode(entry)) == entry


@given(DOCUMENTS)
@settings(deadline=None)
def test_document_digest_is_over_the_reference_bytes(document: dict[str, Any]) -> None:
    """The digest of an input is SHA-256 over its RFC 8785 bytes."""
    expected = hashlib.sha256(rfc8785.dumps(document)).hexdigest()
    assert document_digest(document) == expected


def test_wire_form_of_each_type() -> None:
    """The three types say their type and version, and only a refusal has a `request`."""
    assert json.loads(encode(decision())) | {"input": 0} == {
        "v": 1,
        "type": "decision",
        "time": 1763890000001,
        "id": name(1),
        "kind": "request",
        "workflow": "wf-7829",
        "role": "crash-tracker",
        "decision": "allow",
        "source": "policy",
        "reasons": [],
        "obligations": [{"id": "limit", "type": "max_body_bytes", "properties": {"limit": 1024}}],
        "input": 0,
        "input_sha256": "",
        "revision": "ab" * 32,
    }
    assert json.loads(encode(refusal()))["request"] == {"method": "GET", "target": "/\\x00"}
    assert json.loads(encode(outcome()))["type"] == "outcome"
    assert json.loads(encode(event()))["type"] == "event"


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        1.5,
        float("nan"),
        2**53,
        -(2**53),
        {"é": 1},
        [{"deep": [0.1]}],
        {"a": {"ü": ""}},
        b"raw",
        "\ud800",
    ],
)
def test_values_without_a_canonical_form_are_refused(value: object) -> None:
    """Floats, integers beyond 2^53, keys other than ASCII, bytes and lone surrogates raise."""
    with pytest.raises(EntryInvalid):
        encode(decision(input={"value": value}))
    with pytest.raises(EntryInvalid):
        encode(decision(obligations=[Obligation(id="a", type="b", properties={"value": value})]))


def test_size_limit_is_exact() -> None:
    """An entry of 65,535 bytes stands, one more byte does not."""
    room = MAX_ENTRY_BYTES - len(encode(event(detail={"text": ""})))
    assert len(encode(event(detail={"text": "x" * room}))) == MAX_ENTRY_BYTES
    with pytest.raises(EntryTooLarge):
        encode(event(detail={"text": "x" * (room + 1)}))


@pytest.mark.parametrize(
    "change",
    [
        lambda good: good.replace(b'{"bytes_in"', b'{ "bytes_in"'),
        lambda good: good.replace(b'"ms":3', b'"ms":3.0'),
        lambda good: good.replace(b'"ms":3', b'"ms":-1'),
        lambda good: good.replace(b'"ms":3', b'"ms":3,"ms":3'),
        lambda good: good.replace(b'"ms":3', b'"mt":3'),
        lambda good: good.replace(b'"ms":3', b'"ms":3,"more":1'),
        lambda good: good.replace(b'"ms":3,', b""),
        lambda good: good.replace(b'"v":1', b'"v":2'),
        lambda good: good.replace(b'"type":"outcome"', b'"type":"other"'),
        lambda good: good.replace(b"completed", b"\\u0063ompleted"),
        lambda good: good.replace(b"completed", b"gone"),
        lambda good: good.replace(b'"d-', b'"e-'),
        lambda good: good + b"\n",
        lambda good: b"[" + good + b"]",
        lambda good: good[:-1],
        lambda good: good.replace(b"completed", b"complete\xff"),
        lambda _: b"",
    ],
)
def test_decode_takes_canonical_entries_only(change: Any) -> None:
    """Bytes that mean an entry but are not its one form, or mean none, are refused."""
    good = encode(outcome())
    assert change(good) != good
    with pytest.raises(EntryInvalid):
        decode(change(good))


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "refusal", "input": None},
        {"request": refused_request("GET", "/")},
        {"kind": "refusal", "request": refused_request("GET", "/"), "input": None, "decision": "allow"},
        {"kind": "refusal", "request": refused_request("GET", "/"), "decision": "deny"},
    ],
)
def test_a_refusal_and_its_request_go_together(changes: dict[str, Any]) -> None:
    """A refusal is a denial with a request and no input; nothing else has a request."""
    whole = {field: getattr(decision(), field) for field in DecisionEntry.__struct_fields__}
    with pytest.raises(ValueError, match="refusal"):
        DecisionEntry(**(whole | changes))


def test_deep_nesting_is_refused_not_a_crash() -> None:
    """A document nested ten thousand deep raises like any other that cannot stand."""
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(EntryInvalid):
        encode(decision(input={"deep": deep}))
    with pytest.raises(EntryInvalid):
        decode(b'{"type":' + b"[" * 10_000)


def test_ids() -> None:
    """A decision id is "d-" and 26 letters from exactly 16 bytes; entries know what they belong to."""
    assert decision_id(b"\xff" * 16) == "d-" + "7" * 25 + "4"
    assert [entry_id(entry) for entry in (decision(5), outcome(5), event())] == [name(5), name(5), ""]
    with pytest.raises(ValueError, match="16"):
        decision_id(b"short")


@given(st.text(max_size=60), st.integers(min_value=16, max_value=64))
@settings(max_examples=400)
def test_quoted_text_is_printable_and_short(text: str, limit: int) -> None:
    """Whatever the text, the result is printable ASCII within the limit, and whole or marked as cut."""
    quoted = quote_untrusted(text, limit)
    assert quoted.isascii()
    assert not quoted or quoted.isprintable()
    assert len(quoted) <= limit
    if "\\+" not in quoted.replace("\\\\", ""):
        assert quoted.encode("ascii").decode("unicode_escape") == text


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("plain /path?x=1", 16, "plain /path?x=1"),
        ("a\nb\x1b[31m", 32, "a\\nb\\x1b[31m"),
        ("left\u202eright", 32, "left\\u202eright"),
        ("back\\slash", 32, "back\\\\slash"),
        ("x" * 100, 20, "x" * 15 + "\\+85"),
        ("\x00" * 10, 20, "\\x00" * 4 + "\\+6"),
        ("\\+99", 32, "\\\\+99"),
    ],
)
def test_quoting_examples(text: str, limit: int, expected: str) -> None:
    """Escapes are Python's, a cut names how many characters are missing and cannot be forged."""
    assert quote_untrusted(text, limit) == expected
