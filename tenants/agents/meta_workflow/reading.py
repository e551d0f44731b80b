"""Reading the log: pages of the log service become a history.

I/O only. Takes ids, names, numbers and times; an agent's words are passed over where they stand, but for the target,
which no detector looks at. An entry that lacks a field, or has another type in it, counts as one that does not state it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenants.agents.calls import Proxy, UnreachableError
from tenants.agents.meta_workflow.model import Detail, Happening, History, Observation

LOG = "/log"
PAGE = 1_000
_FEWEST = 1


@dataclass(frozen=True, slots=True)
class Log:
    """What was read: the history, and by which id a person finds each decision again."""

    history: History
    ids: Mapping[int, str]
    """Decision ids by the number of the decision and of its outcome."""
    sealed: int


@dataclass(slots=True)
class _Making:
    """A history while it is read."""

    observations: dict[str, Observation] = field(default_factory=dict)
    """By decision id, in the order of the log."""
    happenings: list[Happening] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    """Of workflows, by the issuer's own record."""
    ids: dict[int, str] = field(default_factory=dict)

    def take(self, entry: Mapping[str, Any]) -> None:
        """One entry more."""
        match entry.get("type"):
            case "decision":
                self._decision(entry)
            case "outcome":
                self._outcome(entry)
            case "event":
                self._event(entry)

    def _decision(self, entry: Mapping[str, Any]) -> None:
        name, seq = _text(entry, "id"), _number(entry, "seq")
        untrusted = entry.get("untrusted")
        codes = entry.get("codes")
        self.ids[seq] = name
        self.observations[name] = Observation(
            seq=seq,
            outcome_seq=None,
            time_ms=_number(entry, "time"),
            workflow=_text(entry, "workflow"),
            role=_text(entry, "role"),
            kind=_text(entry, "kind"),
            decision=_text(entry, "decision"),
            source=_text(entry, "source"),
            codes=tuple(map(str, codes)) if isinstance(codes, list) else (),
            service=_text(entry, "service"),
            route=_text(entry, "route"),
            action=_text(entry, "action"),
            data=_text(entry, "data"),
            target=_text(untrusted, "target") if isinstance(untrusted, dict) else "",
        )

    def _outcome(self, entry: Mapping[str, Any]) -> None:
        name, seq = _text(entry, "decision"), _number(entry, "seq")
        decided = self.observations.get(name)
        if decided is None:  # it began before what is read
            return
        self.ids[seq] = name
        self.observations[name] = decided._replace(
            outcome_seq=seq,
            result=_text(entry, "result"),
            status=_number(entry, "status"),
            bytes_in=_number(entry, "bytes_in"),
            bytes_out=_number(entry, "bytes_out"),
            ms=_number(entry, "ms"),
        )

    def _event(self, entry: Mapping[str, Any]) -> None:
        told, workflow, event = entry.get("detail"), _text(entry, "workflow"), _text(entry, "event")
        detail: Detail = {}
        if isinstance(told, dict):
            detail = {str(key): value for key, value in told.items() if isinstance(value, str | int)}
        if event == "workflow.started":
            self.roles[workflow] = str(detail.get("role", ""))
        self.happenings.append(
            Happening(
                seq=_number(entry, "seq"),
                time_ms=_number(entry, "time"),
                event=event,
                workflow=workflow,
                role=self.roles.get(workflow) or str(detail.get("role", "")),
                detail=detail,
            )
        )


def read_log(proxy: Proxy, since_ms: int) -> Log:
    """The sealed log since then. Raises RefusedError, UnreachableError."""
    making = _Making()
    first, sealed, more = 0, 0, True
    while more:
        page = proxy.get(f"{LOG}/entries", {"first": first, "from": since_ms, "limit": PAGE})
        behind, sealed = _field(page, "next"), _field(page, "sealed")
        more = page.get("more") is True
        if more and behind <= first:
            raise UnreachableError(
                "the log service gave a page that begins where it ends; that would never end"
            )
        first = behind
        for entry in _entries(page):
            making.take(entry)
    history = History(tuple(making.observations.values()), tuple(making.happenings))
    return Log(history, making.ids, sealed)


def role_of(proxy: Proxy, workflow: str) -> str:
    """The role of a workflow by the log's first word of it; "" where the log knows none."""
    page = proxy.get(f"{LOG}/entries", {"workflow": workflow, "limit": _FEWEST})
    for entry in _entries(page):
        detail = entry.get("detail")
        return _text(entry, "role") or (_text(detail, "role") if isinstance(detail, dict) else "")
    return ""


def _entries(page: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = page.get("entries")
    if not isinstance(listed, list):
        raise UnreachableError("the log service's answer has no proper `entries`")
    return (entry for entry in listed if isinstance(entry, dict))


def _field(page: Mapping[str, Any], name: str) -> int:
    value = page.get(name)
    if type(value) is not int:
        raise UnreachableError(f"the log service's answer has no proper `{name}`")
    return value


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _number(entry: Mapping[str, Any], name: str) -> int:
    value = entry.get(name)
    return value if type(value) is int else 0
