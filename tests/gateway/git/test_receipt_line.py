"""The line that says where a decision stands in the log: only the gateway writes it, in one way."""

import json

import pytest

from gateway.git.receipt_line import reads_like_one, receipt_line, signed_document, signed_text

LINE = receipt_line("d-1", 7)


def test_the_line_names_decision_and_place() -> None:
    """A commit of the gateway's is made before its decision has a place: it names the decision alone."""
    assert LINE == "Doorless-Receipt: d-1 #7"
    assert receipt_line("d-1") == "Doorless-Receipt: d-1"


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        f"words\n\n{LINE}\n",
        f"> {LINE}",
        "**Doorless-Receipt**: d-1",
        "doorless_receipt d-1",
        "DOORLESS  RECEIPT",
        "Doorless\u00adReceipt: d-1",
        "Doorless\u200b-\u200bReceipt: d-1",
        "Doorless\u2013Receipt: d-1",
        "\uff24\uff4f\uff4f\uff52\uff4c\uff45\uff53\uff53-Receipt: d-1",
        "Door\u0301less-Receipt: d-1",
        "doorle\u017fs-receipt",
        "Doorless-Approved-By: ada",
    ],
)
def test_what_people_could_take_for_one_is_told(text: str) -> None:
    """Quoted, bold, spaced, in other letters that look the same, with what nobody sees in between.

    Looked for as it stands, all but the first two went through.
    """
    assert reads_like_one(text)


@pytest.mark.parametrize(
    "text", ["", "A receipt.", "Doorless is fine", "the receipt of doorless calls", "\u202e"]
)
def test_other_words_are_not(text: str) -> None:
    """An agent may speak of Doorless."""
    assert not reads_like_one(text)


def test_the_line_is_a_paragraph_of_its_own() -> None:
    """So that git and forges read it as a trailer, whatever stood at the end."""
    assert signed_text("", LINE) == f"{LINE}\n"
    assert signed_text("Fix\n\n\n", LINE, "Doorless-Approved-By: ada") == (
        f"Fix\n\n{LINE}\nDoorless-Approved-By: ada\n"
    )


def test_a_document_keeps_all_else() -> None:
    """Its members, their order and their values; the text that is not there begins with the line."""
    sent = '{ "title" : "caf\\u00e9", "body":"b", "draft": true, "evidence": [{"kind":"log","text":"x"}] }'
    signed = signed_document(sent.encode(), "body", LINE)
    assert json.loads(signed) == {**json.loads(sent), "body": f"b\n\n{LINE}\n"}
    assert list(json.loads(signed)) == list(json.loads(sent))
    assert json.loads(signed_document(b'{"sha":"1"}', "commit_message", LINE)) == {
        "sha": "1",
        "commit_message": f"{LINE}\n",
    }
    assert signed_document(sent.encode(), "body", LINE) == signed
