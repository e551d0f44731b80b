"""`Doorless-Receipt:` in the texts that the gateway sends on: where in the log the decision stands; pure.

The gateway writes it and nobody else: a text in which an agent wrote anything that reads like it is refused.
"""

import json
import re
import unicodedata

NAME = "Doorless-Receipt"
APPROVED = "Doorless-Approved-By"
_LIKE_IT = re.compile(r"doorless[\W_]*(?:receipt|approved)")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


def receipt_line(decision: str, place: int | None = None) -> str:
    """The line, without its end; a commit is made before its decision has a place in the log."""
    return f"{NAME}: {decision}" if place is None else f"{NAME}: {decision} #{place}"


def reads_like_one(text: str) -> bool:
    """Whether a text holds what people could take for such a line, wherever it stands and however it is dressed up."""
    # What is left out is invisible, an accent, or another kind of dash.
    shown = _BEYOND_ASCII.sub("", unicodedata.normalize("NFKD", text).casefold())
    return _LIKE_IT.search(shown) is not None


def signed_text(text: str, *lines: str) -> str:
    """A text with these lines as its last paragraph."""
    stands = text.rstrip()
    return "\n".join(([stands, ""] if stands else []) + list(lines)) + "\n"


def signed_document(document: bytes, member: str, *lines: str) -> bytes:
    """A JSON object with these lines at the end of one of its texts, otherwise with the same members in the same order.

    The document was validated: it is an object, no member stands twice, and that member is a text where it is there.
    """
    members = json.loads(document)
    members[member] = signed_text(members.get(member) or "", *lines)
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()
