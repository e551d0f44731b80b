"""Bringing checkpoints to witnesses: real witnesses over sockets, a real log, alarms into a list."""

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from audit.cosigned import newest_cosigned, read_cosigned
from audit.cosigning import Asking, Cosigner
from audit.entry import Entry, EventEntry
from audit.faults import LogUnavailable
from audit.folder import Places
from audit.keys import read_vkeys
from audit.note import Verifier, open_note
from audit.published import PublishedFolder
from audit.quorum import Quorum
from audit.statements import statement
from audit.verify import LogDisagrees, Trust, verify
from audit.witness.folder import add_log, create
from audit.witness_link import Ahead, Cosigned, Refused, Unreachable, WitnessLink
from tests.audit.programs import Program, running
from tests.audit.samples import small_entries
from tests.audit.whole_logs import extend, make_whole


@dataclass
class Told:
    """Takes alarms; refuses them while `broken`."""

    events: list[EventEntry] = field(default_factory=list)
    broken: bool = False

    async def append(self, entry: Entry) -> object:
        if self.broken:
            raise LogUnavailable("broken by the test")
        assert isinstance(entry, EventEntry)
        self.events.append(entry)
        return None


@dataclass
class Served:
    """A witness that runs."""

    program: Program
    folder: Path
    verifier: Verifier

    @property
    def address(self) -> str:
        return f"http://{self.program.address}"


@contextlib.contextmanager
def witness(folder: Path, name: str, places: Places) -> Iterator[Served]:
    verifier = create(folder, name)
    (key,) = read_vkeys(places.log)
    add_log(folder, key)
    with running("audit.witness", "run", "--folder", str(folder), "--listen", "127.0.0.1:0") as program:
        yield Served(program, folder, verifier)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return make_whole(tmp_path / "log", small_entries(300))


@pytest.fixture
def one(tmp_path: Path, places: Places) -> Iterator[Served]:
    with witness(tmp_path / "one", "witness.example/one", places) as served:
        yield served


Rounds = Callable[[Cosigner], Awaitable[None]]


def rounds(
    places: Places, told: Told, links: list[WitnessLink], act: Rounds, quorum: Quorum | None = None
) -> None:
    """Make a cosigner over these links and let `act` drive it."""

    async def run() -> None:
        asking = [Asking(link) for link in links]
        try:
            await act(Cosigner(places.log, asking, quorum or Quorum(1, 3600), told))
        finally:
            for link in links:
                await link.close()

    asyncio.run(run())


def test_a_checkpoint_is_cosigned_once(places: Places, one: Served) -> None:
    """The witness's line is kept with the note; the same checkpoint is not asked for again, a new one is."""
    told = Told()

    async def act(cosigner: Cosigner) -> None:
        await cosigner.look()
        await cosigner.look()
        extend(places, small_entries(310)[300:])
        await cosigner.look()

    rounds(places, told, [WitnessLink(one.verifier, one.address)], act)
    notes = list(read_cosigned(places.log))
    assert [statement(note, "").size for note in notes] == [300, 310]
    assert newest_cosigned(places.log) == notes[-1]
    assert told.events == []
    report = verify(places.log, trust=Trust(witnesses=(one.verifier,)))
    assert report.cosigned == {"witness.example/one": 310}


def test_a_missing_quorum_is_told_once(places: Places, one: Served, tmp_path: Path) -> None:
    """Two are needed and one does not answer: an alarm with its reason, one only; an all-clear when it is back.

    What could be had is kept meanwhile, and does not count as the newest with its quorum.
    """
    told = Told()
    folder = tmp_path / "two"
    verifier = create(folder, "witness.example/two")
    (key,) = read_vkeys(places.log)
    socket = tmp_path / "two.sock"
    links = [WitnessLink(one.verifier, one.address), WitnessLink(verifier, f"unix:{socket}")]

    async def act(cosigner: Cosigner) -> None:
        told.broken = True
        with pytest.raises(LogUnavailable):
            await cosigner.look()
        told.broken = False
        await cosigner.look()
        await cosigner.look()
        assert [event.event for event in told.events] == ["witness.missing"]
        assert "witness.example/two" in str(told.events[0].detail["missing"])
        assert told.events[0].detail["cosigned"] == 1
        assert newest_cosigned(places.log) is None
        assert len(list(read_cosigned(places.log))) == 1
        add_log(folder, key)
        with running("audit.witness", "run", "--folder", str(folder), "--listen", f"unix:{socket}"):
            cosigner.asking[1].next_at = 0.0
            await cosigner.look()
            await cosigner.look()

    rounds(places, told, links, act, Quorum(2, 0))
    assert [event.event for event in told.events] == ["witness.missing", "witness.restored"]
    newest = newest_cosigned(places.log)
    assert newest is not None
    assert open_note(newest, [one.verifier, verifier]).names == {"witness.example/one", "witness.example/two"}


def test_a_log_that_was_set_back_is_told(places: Places, one: Served, tmp_path: Path) -> None:
    """The whole folder, key and store are put back to an older state: the honest witness is ahead, and that is told.

    Without a witness nobody sees it: `verify` of the folder alone passes. With what the witness shows it does not.
    """
    copies = {folder: tmp_path / f"old-{folder.name}" for folder in (places.log, places.keys, places.signed)}
    for folder, copy in copies.items():
        shutil.copytree(folder, copy)
    told, shown = Told(), list[bytes | None]()

    async def act(cosigner: Cosigner) -> None:
        extend(places, small_entries(320)[300:])
        await cosigner.look()
        for folder, copy in copies.items():
            shutil.rmtree(folder)
            shutil.copytree(copy, folder)
        assert verify(places.log).sealed == 300
        await cosigner.look()
        await cosigner.look()
        shown.append(await cosigner.asking[0].link.latest(verify(places.log).origin))

    rounds(places, told, [WitnessLink(one.verifier, one.address)], act)
    assert [event.event for event in told.events] == ["witness.refused"]
    assert "320 entries" in str(told.events[0].detail["why"])
    assert [file.name.split("-")[0] for file in (one.folder / "evidence").iterdir()] == ["rollback"]
    assert shown[0] is not None
    with pytest.raises(LogDisagrees, match="set back"):
        verify(places.log, trust=Trust(witnesses=(one.verifier,), against=(shown[0],)))


def test_a_forked_log_is_told(places: Places, one: Served, tmp_path: Path) -> None:
    """Set back and gone on with other entries, beyond what was cosigned: the witness refuses the fork and keeps it."""
    copies = {folder: tmp_path / f"old-{folder.name}" for folder in (places.log, places.keys, places.signed)}
    for folder, copy in copies.items():
        shutil.copytree(folder, copy)
    told = Told()

    async def act(cosigner: Cosigner) -> None:
        extend(places, small_entries(320)[300:])
        await cosigner.look()
        for folder, copy in copies.items():
            shutil.rmtree(folder)
            shutil.copytree(copy, folder)
        extend(places, small_entries(900)[400:])
        await cosigner.look()

    rounds(places, told, [WitnessLink(one.verifier, one.address)], act)
    assert [event.event for event in told.events] == ["witness.refused"]
    assert str(told.events[0].detail["why"]).startswith("422")
    assert [file.name.split("-")[0] for file in (one.folder / "evidence").iterdir()] == ["fork"]


def test_a_full_disk_loses_no_cosignature(
    places: Places, one: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be stored counts as not cosigned, is told in time, and is asked for again."""
    told = Told()

    async def act(cosigner: Cosigner) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as broken:
            broken.setattr("audit.cosigning.add_cosigned", full)
            await cosigner.look()
        assert "No space left" in str(told.events[0].detail["missing"])
        await cosigner.look()

    rounds(places, told, [WitnessLink(one.verifier, one.address)], act, Quorum(1, 0))
    assert [event.event for event in told.events] == ["witness.missing", "witness.restored"]
    assert len(list(read_cosigned(places.log))) == 1


def asked(places: Places, link: WitnessLink) -> Cosigned | Ahead | Refused | Unreachable:
    """What one question gives."""

    async def ask() -> Cosigned | Ahead | Refused | Unreachable:
        published = PublishedFolder(places.log)
        try:
            return await link.ask(published, statement(published.get("checkpoint"), "checkpoint"))
        finally:
            await link.close()

    return asyncio.run(ask())


def test_answers_that_do_not_count(places: Places, one: Served, tmp_path: Path) -> None:
    """Another witness's signature, a log that is not known there, nobody at the address: each is what it is."""
    stranger = create(tmp_path / "stranger", "witness.example/one")
    wrong = asked(places, WitnessLink(stranger, one.address))
    assert isinstance(wrong, Unreachable)
    assert "no cosignature" in wrong.why
    other = make_whole(tmp_path / "other", small_entries(1))
    assert isinstance(
        asked(other, WitnessLink(one.verifier, one.address)), Refused
    )  # its key is not known there
    assert isinstance(asked(places, WitnessLink(one.verifier, "http://127.0.0.1:1")), Unreachable)
    assert isinstance(asked(places, WitnessLink(one.verifier, f"unix:{tmp_path}/none.sock")), Unreachable)
    one.program.kill()
    assert isinstance(asked(places, WitnessLink(one.verifier, one.address)), Unreachable)
