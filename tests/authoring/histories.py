"""Past decisions for these tests: asked of the real OPA, recorded as the gateway, the issuer and the checks record them."""

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from audit import side_store
from audit.client import AuditClient
from audit.entry import DecisionEntry, Document, Entry, decision_id, document_digest, encode
from authoring.asking import Question as Asked, engine
from authoring.replay.replay import Source
from decision.bundle import build_bundle
from decision.config import Configuration
from decision.model import Decision
from decision.question import ChangeQuestion, Question, RequestQuestion, TokenQuestion, encode_question
from gateway.call import Call
from gateway.record import JudgedChange, Recorder
from issuer.entries import intent
from tests.audit.whole_logs import make_whole

NOW_MS = 1_763_890_000_000
SHIPPED = Path(__file__).parents[2] / "policies"


class KeptLog:
    """The gateway's log, as far as recording needs it: entries in memory, what stands aside on disk."""

    def __init__(self, log: Path) -> None:
        self.entries: list[Entry] = []
        self._log = log

    async def append(self, entry: Entry) -> None:
        self.entries.append(entry)

    async def keep(self, document: Document) -> str:
        self._log.mkdir(exist_ok=True)
        return side_store.keep(self._log, side_store.salted(document, secrets.token_bytes(16)))


class Past:
    """A folder with bundles and a log that is written at the end, by `close`."""

    def __init__(self, folder: Path, opa: Path, now_ms: int = NOW_MS) -> None:
        self.source = Source(log=folder / "log", bundles=folder / "bundles", opa=opa)
        self._aside = folder / "aside"
        self._log = KeptLog(self._aside)
        self._time = now_ms
        self._recorder = Recorder(cast("AuditClient", self._log), self._clock)

    @property
    def entries(self) -> list[Entry]:
        """What will be in the log, to be spoiled."""
        return self._log.entries

    @property
    def ids(self) -> list[str]:
        """The decisions in order."""
        return [entry.id for entry in self.entries if isinstance(entry, DecisionEntry)]

    async def decide(self, policies: Path, questions: Sequence[Question], without: Sequence[str] = ()) -> str:
        """Ask these policies and record what they say; their revision. `without`: facts that did not exist then."""
        bundle = build_bundle(policies, self.source.bundles, self.source.opa)
        async with engine(self.source.opa, bundle.path, processes=1) as asked:
            shown = [Asked(kind_of(each), _without(encode_question(each), without)) for each in questions]
            for question, decision in zip(questions, await asked.ask(shown), strict=True):
                await self._record(question, decision, bundle.revision, bundle.configuration)
        if without:
            self._forget_facts(len(questions), without)
        return bundle.revision

    def encoded(self) -> list[bytes]:
        """The entries as a writer takes them."""
        return [encode(entry) for entry in self.entries]

    def close(self) -> Source:
        """Write the log with the real writer."""
        make_whole(self.source.log, self.encoded())
        if self._aside.exists():
            shutil.copytree(self._aside / "side", self.source.log / "side")
        return self.source

    async def _record(self, question: Question, decision: Decision, revision: str, of: Configuration) -> None:
        name = decision_id(len(self.entries).to_bytes(16, "big"))
        match question:
            case RequestQuestion():
                service = of.catalogue.services[question.service]
                call = Call(id=name, service=service, path=b"", query=b"", headers=(), question=question)
                await self._recorder.decision(call, decision, revision)
            case ChangeQuestion():
                await self._recorder.change(JudgedChange(name, question, personal=False), decision, revision)
            case TokenQuestion():
                entry = intent(name, question, decision, time_ms=self._clock(), revision=revision)
                await self._log.append(entry)
            case _:
                raise AssertionError(question)

    def _forget_facts(self, last: int, without: Sequence[str]) -> None:
        for place in range(len(self.entries) - last, len(self.entries)):
            entry = self.entries[place]
            assert isinstance(entry, DecisionEntry)
            assert entry.input is not None
            older = {name: value for name, value in entry.input.items() if name not in without}
            self.entries[place] = msgspec.structs.replace(
                entry, input=older, input_sha256=document_digest(older)
            )

    def _clock(self) -> int:
        self._time += 1000
        return self._time


def _without(document: bytes, names: Sequence[str]) -> bytes:
    read = msgspec.json.decode(document)
    return msgspec.json.encode({name: value for name, value in read.items() if name not in names})


def kind_of(question: Question) -> Any:
    """Which question it is."""
    match question:
        case RequestQuestion():
            return "request"
        case TokenQuestion():
            return "token"
        case ChangeQuestion():
            return "change"
        case _:
            return "jury"


def request(**changes: Any) -> RequestQuestion:
    """The shipped crash-tracker reads a report, with these fields changed."""
    fields: dict[str, Any] = {
        "now": NOW_MS // 1000,
        "workflow": "wf-test",
        "role": "crash-tracker",
        "scope": ("read:crash-reports", "read:stack-traces"),
        "service": "crash-reporting",
        "route": "read-report",
        "action": "read",
        "data": "crash-reports",
        "method": "GET",
        "path": "/reports/1",
        "params": {"id": "1"},
        "query": "",
        "body_bytes": 0,
        "content_type": "",
    }
    return RequestQuestion(**fields | changes)


def token(role: str = "crash-tracker") -> TokenQuestion:
    """A workflow's first tokens."""
    return TokenQuestion(now=NOW_MS // 1000, workflow="wf-test", role=role, only=(), ttl_s=300, renewal=False)
