"""The asking process of a test: seats one juror in a real room, asks it what it is told, prints each answer as JSON.

Run as `python -c <this text>`, as root or as an ordinary user, with its orders on stdin.
"""

import asyncio
import json
import sys
from pathlib import Path

from checks.jury.chair import SeatedJuror
from checks.jury.model import Budget, Juror, NoReply, Prompt, Roster
from checks.jury.room import Seat


async def main() -> None:
    """One question after another; None in place of a text gives up on it after a moment."""
    spec = json.load(sys.stdin)
    juror = Juror("first", "vendor", "openai", "openai", "model", "juror")
    roster = Roster((juror,), Budget(answer_seconds=20), spec["libraries"])
    seat = SeatedJuror(juror, roster, Seat(Path(spec["channel"]), spec["uid"]))
    for question in spec["questions"]:
        try:
            async with asyncio.timeout(1.5 if question == "hang" else 30):
                answer = await seat.ask(Prompt("vote", "s", question))
        except TimeoutError:
            answer = NoReply("timeout", "given up")
        told = [answer.why, answer.detail] if isinstance(answer, NoReply) else answer.text
        print(json.dumps(told), flush=True)
    await seat.leave()


asyncio.run(main())
