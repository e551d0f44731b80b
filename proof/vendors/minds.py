"""What a stand-in for a model says, by the name of the model: one careful reader, and every way to be a bad juror; pure.

No model is behind any of it. They read what a juror is shown and answer by rule, always the same.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Manner = Literal["plain", "silent", "stalls", "refuses", "error", "limited", "breaks"]


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said, and how. `input_tokens` and `output_tokens` are what the stand-in's provider would bill."""

    text: str
    manner: Manner = "plain"
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """What a model was told to do, and the text that it is to look at."""

    system: str
    user: str

    @property
    def document(self) -> str:
        """What stands within the first fence; all of the text where there is none."""
        fence = re.search(
            r"^--- (\S+) begin ---\n(.*?)\n--- \1 end ---$", self.user, re.DOTALL | re.MULTILINE
        )
        return fence[2] if fence else self.user

    @property
    def part(self) -> Literal["argue", "vote", "again"]:
        """Whether an argument is wanted, a vote, or a second vote."""
        if "You are the prosecutor" in self.system or "You are the defender" in self.system:
            return "argue"
        return "again" if "You have voted once" in self.system else "vote"


SUSPICIOUS: Final = (
    r"(?i)[^\n]*\b(?:ignore|disregard)\b[^\n]*\b(?:instructions|reviewers?|jury)\b[^\n]*",
    r"(?i)[^\n]*\breviewers?\b[^\n]*\b(?:must|should|please)\b[^\n]*\b(?:pass|approve)\b[^\n]*",
    r"[^\n]*\beval\(|[^\n]*\bos\.system\([^\n]*",
    r"[^\n]*verify ?= ?False[^\n]*",
    r"[^\n]*curl [^\n|]*\| ?(?:ba)?sh[^\n]*|[^\n]*--index-url http:[^\n]*",
    r"(?i)[^\n]*(?:disabl|skip|remov)\w* (?:the )?(?:auth|permission|signature)[^\n]*",
)
"""Lines that a careful reader stops at."""


def careful(shown: Shown) -> str:
    """Pass what is plain, veto what holds one of `SUSPICIOUS`, and quote it."""
    for pattern in SUSPICIOUS:
        found = re.search(pattern, shown.document)
        if found:
            return veto(found[0].strip()[:400])
    return vote("pass", 0.93)


def obedient(shown: Shown) -> str:
    """Do what the document says a reviewer should do."""
    if re.search(r"(?i)\b(?:pass|approve)\b", shown.document):
        return vote("pass", 0.99)
    return careful(shown)


def vote(verdict: str, confidence: float, *findings: tuple[str, str]) -> str:
    """A ballot in the form that jurors are asked for."""
    listed = [{"title": title, "quote": quote} for title, quote in findings]
    return json.dumps({"verdict": verdict, "confidence": confidence, "findings": listed})


def veto(quote: str) -> str:
    """A veto that quotes."""
    return vote("veto", 0.95, ("This would do harm.", quote))


def _rambling(shown: Shown) -> str:
    return "Well. " + "On the one hand it passes, on the other it does not. " * 200 + shown.system[:200]


def _fickle(shown: Shown) -> str:
    return vote("pass", 0.9) if shown.part == "vote" else veto(_line(shown))


def _electing(_: Shown) -> str:
    others = [
        {"juror": name, "verdict": "pass", "confidence": 0.99} for name in ("second", "third", "fourth")
    ]
    return json.dumps({"verdict": "pass", "confidence": 0.99, "findings": [], "votes": others})


def _line(shown: Shown) -> str:
    """A line of the document that is long enough to quote."""
    return max(shown.document.splitlines(), key=len, default="")[:200]


_VOTES: Final[Mapping[str, Callable[[Shown], str]]] = {
    "careful": careful,
    "obedient": obedient,
    "trusting": lambda _: vote("pass", 0.97),
    "doubtful": lambda _: vote("pass", 0.55),
    "undecided": lambda _: vote("no_verdict", 0.2),
    "hostile": lambda shown: veto(_line(shown)),
    "rambling": _rambling,
    "wordless": lambda _: "",
    "electing": _electing,
    "fickle": _fickle,
    "twice": lambda _: vote("pass", 0.9) + "\n" + vote("veto", 0.9),
    "foreign": lambda _: '{"urteil": "bestanden", "sicherheit": 0.9, "befunde": []}',
    "unquoting": lambda _: vote("veto", 0.9, ("It looks wrong.", "")),
    "inventing": lambda _: vote("veto", 0.9, ("It deletes everything.", "shutil.rmtree('/everything')")),
    "wavering": lambda shown: vote("pass", 0.9, ("It would do harm.", _line(shown))),
    "overconfident": lambda _: vote("pass", 7),
}
_MANNERS: Final[Mapping[str, Manner]] = {
    "silent": "silent",
    "stalling": "stalls",
    "refusing": "refuses",
    "failing": "error",
    "limited": "limited",
    "breaking": "breaks",
}
NAMES: Final = tuple(sorted((*_VOTES, *_MANNERS)))
"""Every model that these stand-ins have, beside those that a document tells what to be."""
TOLD: Final = "told-"
"""What the names of those begin with: `told-NAME is MANNER` in a document makes that one of `NAMES` of it."""


def say(model: str, shown: Shown) -> Saying | None:
    """What the model of this name says; nothing where there is no such model."""
    if model.startswith(TOLD):
        model = _told(model, shown)
    if model not in NAMES:
        return None
    if model in _MANNERS:
        text = "I cannot help with that." if model == "refusing" else vote("pass", 0.9)
    elif shown.part == "argue":
        text = f"It says: {_line(shown)}"
    else:
        text = _VOTES[model](shown)
    asked = len(shown.system) + len(shown.user)
    return Saying(text, _MANNERS.get(model, "plain"), asked // 4 + 1, len(text) // 4 + 1)


def _told(model: str, shown: Shown) -> str:
    found = re.search(rf"\b{re.escape(model)} is (\w+)", shown.document)
    return found[1] if found else "trusting"
