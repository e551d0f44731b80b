"""Walls around the jury taken down: verdicts that nobody reads, quotes that nobody looks for, open rooms; values."""

from typing import Final

from tests.proof.damage import Exchange, damaged
from tests.proof.damages_room import ENVIRONMENT_PASSED, OTHERS_SHOWN, TMP_SHOWN

_BALLOT: Final = "checks/jury/ballot.py"
_COURT: Final = "checks/jury/court.py"
_SHARED_NETWORK: Final[tuple[Exchange, ...]] = (
    ("sandbox/room.py", '"--unshare-net", ', ""),
    # Two rooms on one loopback would want one port for their forwarders.
    ("sandbox/inside.py", '(("127.0.0.1", port), backlog=256)', '(("127.0.0.1", 0), backlog=256)'),
)
_KEY_OPEN: Final[Exchange] = (
    "proof/world.py",
    '    layout.static_key.write_text(plants.secrets["static key"])\n',
    (
        '    layout.static_key.write_text(plants.secrets["static key"])\n'
        "    layout.static_key.chmod(0o644)\n"
        "    layout.static_key.parent.chmod(0o755)\n"
        "    layout.home.chmod(0o755)\n"
    ),
)

JURY: Final = (
    damaged(
        "whatever the jury comes to is a pass",
        "jury",
        "instruction no-words not-in-form votes-for-others pass-and-veto unsure",
        (
            _COURT,
            '        case Hold():\n            return "no_verdict"\n',
            '        case Hold():\n            return "passed"\n',
        ),
        (_COURT, 'return "veto" if _VETO in codes', 'return "passed" if _VETO in codes'),
    ),
    damaged(
        "quotes are not looked for",
        "jury",
        "quote-not-there no-quote",
        (_BALLOT, "    return len(", "    return True or len("),
    ),
    damaged("jurors share the network", "jury", "juror-network juror-loopback", *_SHARED_NETWORK),
    damaged("jurors see the folders of others", "jury", "juror-search", OTHERS_SHOWN),
    damaged("jurors see a home that is open to all", "jury", "juror-key", TMP_SHOWN, _KEY_OPEN),
    damaged(
        "jurors have their builder's environment",
        "jury",
        "juror-environment",
        *ENVIRONMENT_PASSED,
    ),
    damaged(
        "the role of jurors has other services",
        "jury",
        "juror-other-service",
        (
            "proof/catalogue.py",
            "    services: [openai]\n    actions: [infer]\n",
            "    services: [openai, {static_service}]\n    actions: [infer, read]\n    data: [words]\n",
        ),
    ),
)
