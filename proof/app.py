"""One proof from its flags to its lines: enter the world, try every probe, tell each result as one line of JSON."""

import asyncio
import json
import os
import sys
from dataclasses import asdict

from proof.everything import PROBES
from proof.frame import try_all
from proof.network_interfaces import NotAlone
from proof.parts import NeverReady
from proof.settings import Settings, parse
from proof.world import entered

COULD_NOT_RUN = 2


def main(argv: list[str]) -> int:
    """The exit code: 0 where every line was told, 2 where the proof could not be run."""
    settings = parse(argv)
    try:
        asyncio.run(prove(settings))
    except (NotAlone, NeverReady, OSError) as reason:
        sys.stderr.write(f"{type(reason).__name__}: {reason}\n")
        return COULD_NOT_RUN
    return 0


async def prove(settings: Settings) -> None:
    """Try what was asked for. Raises what `entered` raises."""
    async with entered(settings.place, settings.layout) as world:
        tell({"world": {"uid": os.geteuid(), "groups": list(settings.groups)}})
        async for result in try_all(PROBES, settings.groups, world):
            tell({"result": asdict(result)})
    tell({"end": True})


def tell(document: dict[str, object]) -> None:
    """One line, at once."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()
