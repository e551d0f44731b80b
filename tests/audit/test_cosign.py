"""The cosigning child beside a real writer and a real witness: from an append to a cosigned checkpoint, and alarms."""

import asyncio
from pathlib import Path

from audit.client import AuditClient
from audit.cosign import main
from audit.cosigned import newest_cosigned
from audit.entry import EventEntry
from audit.keys import read_vkeys
from audit.reader import log_size, read_entries
from audit.statements import statement
from audit.verify import Trust, verify
from audit.witness.folder import add_log, create
from tests.audit.conftest import StartWriter
from tests.audit.programs import exit_code, running, wait_until
from tests.audit.samples import event


def append(socket: Path, number: int) -> None:
    """One entry, durable."""

    async def once() -> None:
        client = await AuditClient.connect(socket)
        await client.append(event(number))
        await client.close()

    asyncio.run(once())


def events(log: Path) -> list[str]:
    """The names of the witness events, in order."""
    found = [stored.entry for stored in read_entries(log)]
    return [
        entry.event for entry in found if isinstance(entry, EventEntry) and entry.event.startswith("witness.")
    ]


def test_from_an_append_to_cosignatures_and_alarms(
    log: Path, socket_path: Path, start_writer: StartWriter
) -> None:
    """Every new checkpoint is cosigned; a witness that is gone raises one alarm, and its return one all-clear.

    Alarms are entries like others: they make new checkpoints, which are cosigned too, and it comes to rest.
    """
    writer, folder = start_writer(), socket_path.parent / "witness"
    witness_socket = socket_path.with_name("witness.sock")
    verifier = create(folder, "witness.example/one")
    add_log(folder, read_vkeys(log)[0])
    serve = ("audit.witness", "run", "--folder", str(folder), "--listen", f"unix:{witness_socket}")
    flags = ("--log", str(log), "--audit-socket", str(socket_path), "--quorum", "1", "--alarm-after-s", "0.2")
    asked = f"{verifier.vkey}=unix:{witness_socket}"

    def cosigned_all() -> bool:
        note = newest_cosigned(log)
        return note is not None and statement(note, "").size == log_size(log) > 0

    with running("audit.cosign", *flags, "--witness", asked) as child:
        assert child.ready == "cosign: ready\n"
        with running(*serve) as witness:
            append(writer.socket, 1)
            wait_until(cosigned_all, "the first cosignature")
            witness.stop()
        append(writer.socket, 2)
        wait_until(lambda: events(log)[-1:] == ["witness.missing"], "the alarm")
        with running(*serve):
            wait_until(lambda: events(log)[-1:] == ["witness.restored"] and cosigned_all(), "the all-clear")
            report = verify(log, trust=Trust(witnesses=(verifier,)))
        assert child.stop()[0] == 0
    assert report.cosigned == {"witness.example/one": report.sealed}
    assert set(events(log)) == {"witness.missing", "witness.restored"}


def test_what_ends_it(tmp_path: Path) -> None:
    """No writer: 69. A quorum that cannot be, a witness without a key or address: 2."""
    key = create(tmp_path / "w", "witness.example/one").vkey
    flags = ["--log", str(tmp_path), "--audit-socket", str(tmp_path / "none"), "--alarm-after-s", "1"]
    assert exit_code(main, *flags, "--quorum", "1", "--witness", f"{key}=unix:/w") == 69
    assert exit_code(main, *flags, "--quorum", "2", "--witness", f"{key}=unix:/w") == 2
    assert exit_code(main, *flags, "--quorum", "1", "--witness", f"{key}=ftp://w") == 2
    assert exit_code(main, *flags, "--quorum", "1", "--witness", "unix:/w") == 2
