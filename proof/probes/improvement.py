"""Log poisoning: everything that an agent can write into the log, as the meta-workflow would read it."""

from typing import Final

from proof.catalogue import PRISONER
from proof.log_probe import LogProbe

LOG: Final = (
    LogProbe(
        "log-path",
        "an agent's path reaches no reader of the log unmarked",
        "GET /{service}/m/{mark} HTTP/1.1",
        PRISONER,
    ),
    LogProbe("log-query", "nor does its query", "GET /{service}/m/word?{mark}=loosen HTTP/1.1", PRISONER),
    LogProbe("log-unknown", "nor does a service that there is not", "GET /{mark}/x HTTP/1.1", PRISONER),
)
