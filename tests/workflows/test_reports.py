"""Keeping a report against checks that can fail, and a log that is not there: what is not recorded is not kept."""

import asyncio
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from serving.server import QuietServer
from workflows.failure import Unreachable
from workflows.reports import Desk, Report, keep_report

REPORT = Report("wf-aaaaaaaaaaaaaaaaaaaa", "crash-tracker", '{"title": "one"}')
PASSED = {"results": [{"kind": "schema", "state": "passed"}, {"kind": "jury", "state": "absent"}]}


class FakeChecks:
    """Answers every question with one document; `asked` is what came."""

    def __init__(self, status: int, document: Any) -> None:
        self.status = status
        self.document = document
        self.asked: list[Any] = []

    async def validate(self, request: Request) -> Response:
        """POST /validate."""
        self.asked.append(await request.json())
        return JSONResponse(self.document, self.status)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="dl-") as name:
        yield Path(name)


def keep(checks: FakeChecks, folder: Path) -> None:
    """Hand the report in, where no log is written."""

    async def one() -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / "checks"))
            listener.listen()
            server = QuietServer(Starlette(routes=[Route("/validate", checks.validate, methods=["POST"])]))
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                await keep_report(REPORT, Desk(folder / "checks", folder / "audit", folder / "report"))
            finally:
                server.stop()
                await serving

    asyncio.run(one())


def test_a_report_that_cannot_be_recorded_is_not_kept(folder: Path) -> None:
    """It passed, and the log is away: nothing lies there afterwards. Kept first, it lay there without an entry."""
    checks = FakeChecks(200, PASSED)
    with pytest.raises(Unreachable, match="not recorded"):
        keep(checks, folder)
    assert checks.asked == [{"type": "report", "body": REPORT.text, "jury": False}]
    assert {path.name for path in folder.iterdir()} <= {"checks"}


@pytest.mark.parametrize(
    ("status", "document"),
    [(500, {}), (422, {"message": "x"}), (200, []), (200, {}), (200, {"results": []})],
)
def test_an_answer_that_says_nothing_of_the_schema_is_no_pass(
    folder: Path, status: int, document: Any
) -> None:
    """An error, something unreadable, results without the one that counts: nothing is kept."""
    with pytest.raises(Unreachable):
        keep(FakeChecks(status, document), folder)
    assert {path.name for path in folder.iterdir()} <= {"checks"}
