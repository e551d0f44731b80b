"""Entries and answers as JSON for programs, on stdout."""

import json
import sys
from collections.abc import Mapping

from audit.entry import encode
from audit.query import Stored


def json_of(stored: Stored) -> str:
    """One entry with its number; the entry itself is spelled as it stands in the log."""
    return f'{{"seq":{stored.seq},"entry":{encode(stored.entry).decode()}}}'


def document_of(stored: Stored) -> dict[str, object]:
    """One entry with its number, as a document."""
    document: dict[str, object] = json.loads(json_of(stored))
    return document


def print_line(stored: Stored) -> None:
    """One entry as one line, at once."""
    sys.stdout.write(json_of(stored) + "\n")
    sys.stdout.flush()


def print_document(document: Mapping[str, object]) -> None:
    """One document over several lines."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
