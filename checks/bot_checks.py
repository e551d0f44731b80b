"""What one check of a bot is made with: an engine of its own on the policies as they are now, and the log if there is one.

Wiring only. Each check begins with what is on disk, so a changed policy needs no restart.
"""

import os

from checks.bots import Check
from checks.change import ScanSecrets
from checks.check import Asked, Parts, check
from checks.engine import starting
from checks.gather import Place
from checks.record import LogRecorder, Unrecorded
from checks.result import CheckResult
from checks.settings import BotSettings, Settings
from checks.statement import Signer


def bot_check(settings: Settings, bots: BotSettings, scan: ScanSecrets, signer: Signer | None) -> Check:
    """The function that checks what a bot asks."""
    place = Place(dict(os.environ), settings.virtual_environment, settings.cache)

    async def run(asked: Asked) -> CheckResult:
        recorder = LogRecorder(bots.audit_socket) if bots.audit_socket else Unrecorded()
        try:
            async with starting(bots.policies, os.environ, None) as policy:
                return await check(asked, Parts(policy, scan, recorder, signer, place, _silent))
        finally:
            await recorder.close()

    return run


def _silent(_: str) -> None:
    """Nobody watches a bot's check go on."""
