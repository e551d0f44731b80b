"""Who judges and what that may cost: the roster, the budget, the question; pure values."""

from dataclasses import dataclass
from typing import Literal

from decision.jury import JurorFact

Api = Literal["openai", "anthropic", "gemini"]
Part = Literal["vote", "prosecute", "defend", "vote-again"]


@dataclass(frozen=True, slots=True)
class Price:
    """Millionths of a dollar for a million tokens, so that all of money is whole numbers."""

    input: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class Juror:
    """One model behind one service of the catalogue. `vendor` is who made it, `api` the language it is spoken to in."""

    name: str
    vendor: str
    api: Api
    service: str
    model: str
    role: str
    price: Price = Price()

    @property
    def fact(self) -> JurorFact:
        """What policy is told of it."""
        return JurorFact(name=self.name, vendor=self.vendor, model=self.model)


@dataclass(frozen=True, slots=True)
class Budget:
    """What one question may take in all; `micro_dollars` 0: money is not counted."""

    tokens: int = 200_000
    micro_dollars: int = 0
    seconds: float = 120.0
    answer_tokens: int = 1_024
    """The longest single answer."""
    answer_seconds: float = 45.0


@dataclass(frozen=True, slots=True)
class Roster:
    """All who are asked; two at least, each with a name of its own."""

    jurors: tuple[Juror, ...]
    budget: Budget = Budget()
    libraries: str = ""
    """The folder of an environment with the vendors' client libraries."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged: the type of the document, and the evidence as text. All of it was written by others."""

    type: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One thing that a juror is asked: what it is told to do, and the text that it is shown."""

    part: Part
    system: str
    user: str

    @property
    def most_tokens(self) -> int:
        """More tokens than any tokenizer known to us makes of it: a token has at least one byte, mostly three or four."""
        return (len(self.system.encode()) + len(self.user.encode())) // 2 + 16


@dataclass(frozen=True, slots=True)
class Reply:
    """What a juror said, and what the provider says that it took."""

    text: str
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class NoReply:
    """A juror that said nothing that could be read."""

    why: Literal["refused", "timeout", "failed", "budget"]
    detail: str = ""
