"""Walls around what the meta-workflow reads taken down: an agent's words among names of ours; values."""

from typing import Final

from tests.proof.damage import damaged

LOG: Final = (
    damaged(
        "an agent's words are not marked",
        "log",
        "log-path log-query log-unknown",
        ("audit/log_service_view.py", 'return {"untrusted": told} if told else {}', "return dict(told)"),
    ),
)
