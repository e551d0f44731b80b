"""The calls that the shipped roles make, as the shipped catalogue names them; pure.

Milliseconds and bytes are made up and plausible. A path parameter is filled with a number.
"""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    """One route as one role uses it. `median_ms` is at an idle hour; `sent` and `given` are median bytes of bodies."""

    service: str
    route: str
    action: str
    data: str
    method: str
    path: str
    median_ms: float
    given: int
    sent: int = 0
    query: str = ""
    output: str = ""
    """The type of output that its body is."""
    code: str = ""
    """The code with which policy refuses it to this role; empty where it is granted."""


def _crash(route: str, data: str, path: str, median_ms: float, given: int) -> Step:
    return Step("crash-reporting", route, "read", data, "GET", path, median_ms, given)


def _repository(route: str, path: str, median_ms: float, given: int) -> Step:
    return Step("code-repository", route, "read", "", "GET", path, median_ms, given)


_ACME: Final = "/repos/acme/shop"

LIST_REPORTS: Final = _crash("list-reports", "crash-reports", "/reports", 45.0, 18_000)
READ_REPORT: Final = _crash("read-report", "crash-reports", "/reports/{id}", 28.0, 4_200)
LIST_TRACES: Final = _crash("list-stack-traces", "stack-traces", "/stack-traces", 60.0, 26_000)
READ_TRACE: Final = _crash("read-stack-trace", "stack-traces", "/stack-traces/{id}", 35.0, 9_000)
WATCH: Final = _crash("watch", "crash-reports", "/events", 900.0, 2_000)
READ_REPORTER: Final = replace(
    _crash("read-reporter", "reporter-contacts", "/reports/{id}/reporter", 0.0, 0),
    code="request.data_not_granted",
)

LIST_SERIES: Final = Step("telemetry", "list-series", "read", "telemetry", "GET", "/series", 22.0, 6_000)
QUERY: Final = Step(
    "telemetry", "query", "read", "telemetry", "GET", "/query", 80.0, 42_000, query="series={id}&days=14"
)
QUERY_BODY: Final = Step(
    "telemetry", "query-body", "read", "telemetry", "POST", "/query", 120.0, 60_000, sent=700
)
ANNOTATE: Final = Step(
    "telemetry",
    "annotate",
    "write",
    "telemetry",
    "POST",
    "/annotations",
    0.0,
    0,
    sent=300,
    code="request.action_not_granted",
)
CRASHES_AS_TELEMETRY: Final = replace(LIST_REPORTS, code="request.service_not_granted")

READ_REPOSITORY: Final = _repository("read-repository", _ACME, 90.0, 5_500)
LIST_BRANCHES: Final = _repository("list-branches", f"{_ACME}/branches", 110.0, 3_800)
READ_REF: Final = _repository("read-ref", f"{_ACME}/git/ref/heads/main", 70.0, 400)
READ_CONTENTS: Final = _repository("read-contents", f"{_ACME}/contents/src/cart{{id}}.py", 130.0, 9_000)
READ_STATUS: Final = _repository("read-status", f"{_ACME}/commits/main/status", 95.0, 2_200)
READ_BLOB: Final = _repository("read-blob", f"{_ACME}/git/blobs/{{id}}", 85.0, 12_000)
CREATE_PR: Final = Step(
    "code-repository",
    "create-pr",
    "create-pr",
    "",
    "POST",
    f"{_ACME}/pulls",
    420.0,
    6_500,
    sent=1_800,
    output="create-pr",
)
PURGE: Final = Step(
    "telemetry",
    "purge",
    "delete",
    "telemetry",
    "DELETE",
    "/series/s{id}",
    0.0,
    0,
    code="request.service_not_granted",
)

CHAT: Final = Step("openai", "chat", "infer", "", "POST", "/chat/completions", 2_600.0, 3_000, sent=14_000)
LIST_MODELS: Final = Step(
    "openai", "list-models", "read", "", "GET", "/models", 0.0, 0, code="request.action_not_granted"
)
GENERATE: Final = Step(
    "gemini",
    "generate",
    "infer",
    "",
    "POST",
    "/v1/models/small:generateContent",
    2_100.0,
    3_200,
    sent=14_000,
)
