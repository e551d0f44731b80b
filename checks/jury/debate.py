"""A jury's course: first votes at once, a prosecutor and a defender, votes again. What it comes to is for policy.

Knows jurors only as something that can be asked. Promises one vote for each declared juror, within the budget, whatever
jurors do.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from checks.jury.ballot import none, read_vote
from checks.jury.model import Case, Juror, NoReply, Part, Prompt, Reply, Roster
from checks.jury.prompts import argue_prompt, second_prompt, vote_prompt
from checks.jury.purse import Purse
from decision.jury import Vote

Ask = Callable[[Juror, Prompt], Awaitable[Reply | NoReply]]
"""Ask a juror one thing. It may take as long as it likes and fail as it likes; the debate ends it."""


@dataclass(frozen=True, slots=True)
class Record:
    """A whole deliberation. `second` is empty where nothing was left to argue about."""

    first: tuple[Vote, ...]
    prosecution: str
    defence: str
    second: tuple[Vote, ...]
    tokens: int
    micro_dollars: int

    @property
    def votes(self) -> tuple[Vote, ...]:
        """What each declared juror said last."""
        return self.second or self.first


class Debate:
    """One deliberation of one roster on one case. `mark` is fresh and secret."""

    def __init__(self, roster: Roster, case: Case, mark: str, ask: Ask) -> None:
        self._roster = roster
        self._case = case
        self._mark = mark
        self._ask_juror = ask
        self._purse = Purse(roster.budget)
        self._ends = 0.0

    async def run(self) -> Record:
        """Deliberate. Raises nothing for what jurors do."""
        self._ends = asyncio.get_running_loop().time() + self._roster.budget.seconds
        first = await self._votes(vote_prompt(self._case, self._mark))
        prosecution = defence = ""
        second: tuple[Vote, ...] = ()
        if _open_to_argument(first):
            prosecution, defence = await self._argued(first)
            second = await self._votes(second_prompt(self._case, self._mark, prosecution, defence))
        return Record(first, prosecution, defence, second, self._purse.tokens, self._purse.micro_dollars)

    async def _votes(self, prompt: Prompt) -> tuple[Vote, ...]:
        replies = await asyncio.gather(*(self._ask(juror, prompt) for juror in self._roster.jurors))
        return tuple(
            read_vote(juror.name, reply, self._case.evidence)
            for juror, reply in zip(self._roster.jurors, replies, strict=True)
        )

    async def _argued(self, first: tuple[Vote, ...]) -> tuple[str, str]:
        prosecutor, defender = _sides(self._roster.jurors, first)
        parts: tuple[tuple[Juror, Part], ...] = ((prosecutor, "prosecute"), (defender, "defend"))
        replies = await asyncio.gather(
            *(self._ask(juror, argue_prompt(self._case, self._mark, part)) for juror, part in parts)
        )
        prosecution, defence = (
            reply.text if isinstance(reply, Reply) else "(said nothing)" for reply in replies
        )
        return prosecution, defence

    async def _ask(self, juror: Juror, prompt: Prompt) -> Reply | NoReply:
        left = self._ends - asyncio.get_running_loop().time()
        if left <= 0 or not self._purse.take(prompt, juror.price):
            return NoReply("budget")
        try:
            async with asyncio.timeout(min(left, self._roster.budget.answer_seconds)):
                reply = await self._ask_juror(juror, prompt)
        except TimeoutError:
            return NoReply("timeout")
        except Exception as error:  # noqa: BLE001 - a juror that breaks is a juror without a verdict
            return NoReply("failed", type(error).__name__)
        if isinstance(reply, Reply):
            self._purse.settle(prompt, juror.price, reply)
        return reply


def nobody(roster: Roster) -> tuple[Vote, ...]:
    """The votes of a jury that could not be asked at all."""
    return tuple(none(juror.name, "failed") for juror in roster.jurors)


def _open_to_argument(votes: tuple[Vote, ...]) -> bool:
    """Whether an argument could still change what comes of it: a common veto stands, and silence does not argue."""
    verdicts = [vote.verdict for vote in votes]
    return verdicts.count("no_verdict") < len(verdicts) and set(verdicts) != {"veto"}


def _sides(jurors: tuple[Juror, ...], votes: tuple[Vote, ...]) -> tuple[Juror, Juror]:
    """Who argues against it and who for it: by their votes where they differ, and never one juror for both."""
    by_verdict = {vote.verdict: juror for juror, vote in zip(jurors, votes, strict=True)}
    prosecutor = by_verdict.get("veto", jurors[0])
    others = [juror for juror in jurors if juror is not prosecutor]
    defender = by_verdict.get("pass", others[-1])
    return prosecutor, defender if defender is not prosecutor else others[-1]
