"""What an operator does with a log: prove, export, serve, ship, prune, forget, rotate; and the witness beside it."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from audit import side_store
from audit.entry import Entry, decision_id, encode
from audit.keys import read_vkeys
from audit.note import Verifier
from audit.proof import check_entry, parse_proof
from audit.published import CHECKPOINT, PublishedFolder
from audit.statements import statement
from audit.witness.folder import create, read_signer
from audit.witness_link import Cosigned, WitnessLink
from audit.writer import Writer
from doorless.cli import run_command
from tests.audit.process import WriterProcess
from tests.doorless.conftest import Place, new_place, until
from tests.doorless.test_log import ALLOWED, DENIED, ENTRIES, NOW, decision

PERSONAL = decision_id(b"p" * 16)
SIDE = side_store.salted({"method": "GET", "service": "people", "path": "/alice", "query": ""}, bytes(16))
ASIDE = msgspec.structs.replace(
    decision(PERSONAL, "deny", "/"), input=None, input_sha256="", side=side_store.digest_of(SIDE)
)
OLD = [
    msgspec.structs.replace(decision(decision_id(number.to_bytes(16, "big")), "deny", "/old"), time=NOW - 1)
    for number in range(600)
]
Said = tuple[int, str, str]
Command = Callable[..., Said]


@pytest.fixture(scope="module")
def template() -> Iterator[Place]:
    """A home whose log is sealed: 600 old denials, one workflow, one decision whose input stands beside the log."""
    made = new_place()
    write(made, *OLD, *ENTRIES, ASIDE)
    side_store.keep(made.home / "log", SIDE)
    write(made)
    yield made
    shutil.rmtree(made.home.parent)


@pytest.fixture
def place(template: Place) -> Iterator[Place]:
    """A copy of it, which the test may break."""
    folder = Path(tempfile.mkdtemp(prefix="dl-"))
    shutil.copytree(template.home.parent, folder, dirs_exist_ok=True)
    yield Place(folder / "h", folder / "agents")
    shutil.rmtree(folder)


def write(place: Place, *entries: Entry) -> None:
    with Writer(place.home / "log") as writer:
        if entries:
            writer.append([encode(entry) for entry in entries])


@pytest.fixture
def command(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process: its exit code, what it said, what it complained about."""
    monkeypatch.setenv("DOORLESS_HOME", str(place.home))

    def run(*words: str | Path) -> Said:
        capsys.readouterr()
        code = run_command([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def writer(place: Place) -> Iterator[WriterProcess]:
    """The home's audit writer, running."""
    process = WriterProcess(place.home / "log", place.home / "run" / "audit.sock")
    yield process
    process.end()


def key_of(place: Place) -> Verifier:
    return read_vkeys(place.home / "log")[0]


def test_a_decision_is_proven_to_somebody_with_a_key_and_a_file(
    place: Place, command: Command, tmp_path: Path
) -> None:
    """Offline, without a home; a changed file or another key proves nothing (1), no file is no look (3)."""
    proof = tmp_path / "proof"
    proof.write_text(command("log", "prove", DENIED)[1])
    key = key_of(place).vkey
    shutil.move(place.home, place.home.with_name("gone"))
    code, said, _ = command("log", "check-proof", proof, "--key", key)
    assert code == 0
    assert DENIED in said
    assert "record 603 of 605" in said
    assert json.loads(command("log", "check-proof", proof, "--key", key, "--json")[1])["seq"] == 603
    assert command("log", "check-proof", proof)[0] == 2
    assert command("log", "check-proof", proof, "--key", "nonsense")[0] == 2
    assert command("log", "check-proof", tmp_path / "none", "--key", key)[0] == 3
    assert command("log", "check-proof", proof, "--key", key, "--quorum", "1")[0] == 1
    proof.write_text(proof.read_text().replace("index 603", "index 602"))
    code, _, complaint = command("log", "check-proof", proof, "--key", key)
    assert code == 1
    assert "does not hold" in complaint
    shutil.move(place.home.with_name("gone"), place.home)


def test_a_decision_shows_its_place_and_what_stands_beside_the_log(command: Command) -> None:
    """The input is read from beside the log; the proof in the JSON is one that checks."""
    code, said, _ = command("log", "show", PERSONAL)
    assert code == 0
    assert "record 604 of 605" in said
    assert "/alice" in said
    document = json.loads(command("log", "show", PERSONAL, "--json")[1])
    assert document["input_beside"]["path"] == "/alice"
    assert document["replayable"] is True
    assert parse_proof(document["proof"].encode()).index == 604


def test_an_export_carries_its_proofs(place: Place, command: Command) -> None:
    """Each line's proof checks against the log's key with the entry that stands beside it; --since leaves the rest out."""
    lines = command("log", "export", "--since", "2025-11-23T09:26:40", "--proofs")[1].splitlines()
    documents = [json.loads(line) for line in lines]
    assert [each["seq"] for each in documents] == [600, 601, 602, 603, 604]
    for line, document in zip(lines, documents, strict=True):
        entry = line[line.index('"entry":') + 8 : line.index(',"proof":')].encode()
        check_entry(parse_proof(document["proof"].encode()), entry, [key_of(place)])
    assert len(command("log", "export")[1].splitlines()) == 605
    assert command("log", "export", "--format", "xml")[0] == 2
    assert command("log", "export", "--since", "yesterday")[0] == 2


def test_a_served_log_is_verified_by_its_key(place: Place, command: Command) -> None:
    """--url wants a key (2); an address where nobody answers is no look (3)."""
    key = key_of(place).vkey
    with place.begin("log", "serve", "--listen", "127.0.0.1:0") as process:
        assert process.stdout is not None
        address = process.stdout.readline().split("ready, ")[1].split()[0].removeprefix("http://")
        url = f"http://{address}"
        code, said, complaint = command("log", "verify", "--url", url, "--key", key)
        assert (code, complaint) == (0, "")
        assert "605 records" in said
        assert command("log", "verify", "--url", url)[0] == 2
    assert command("log", "verify", "--url", url, "--key", key)[0] == 3


@pytest.mark.usefixtures("writer")
def test_a_log_is_shipped_and_its_beginning_dropped(command: Command, tmp_path: Path) -> None:
    """The copy verifies; what was dropped is found there; the log says that it was dropped."""
    copy = tmp_path / "copy"
    assert command("log", "ship", copy)[0] == 0
    code, said, _ = command("log", "verify", "--dir", copy)
    assert code == 0
    assert "605 records" in said
    assert "do not show whose log it is" in said
    before = ("log", "prune", copy, "--before", "2025-11-23T09:26:40")
    code, _, complaint = command(*before)
    assert code == 2
    assert "no witness" in complaint
    code, said, complaint = command(*before, "--without-witness-i-accept-no-rollback-protection")
    assert (code, complaint) == (0, "")
    assert "512 entries were pruned" in said
    code, said, _ = command("log", "verify")
    assert code == 0
    assert "verified from record 512 on" in said
    assert "log.pruned" in command("log", "tail", "--lines", "1")[1]
    assert command("log", "show", OLD[3].id)[0] == 1
    assert command("log", "show", OLD[599].id)[0] == 0


def test_nothing_is_dropped_or_forgotten_without_a_record(command: Command, tmp_path: Path) -> None:
    """Where the writer does not run both end with 3, and everything is still there."""
    copy = tmp_path / "copy"
    command("log", "ship", copy)
    flag = "--without-witness-i-accept-no-rollback-protection"
    assert command("log", "prune", copy, "--before", "2026-01-01", flag)[0] == 3
    assert command("log", "forget", PERSONAL)[0] == 3
    assert command("log", "rotate-key")[0] == 3
    assert json.loads(command("log", "verify", "--json")[1])["inputs_beside"] == {"kept": 1, "forgotten": 0}


@pytest.mark.usefixtures("writer")
def test_an_input_is_forgotten_and_the_log_still_verifies(place: Place, command: Command) -> None:
    """The decision stays and says that it cannot be replayed; what stands in the log itself cannot be forgotten."""
    assert command("log", "forget", PERSONAL)[0] == 0
    assert "not replayable: forgotten" in command("log", "show", PERSONAL)[1]
    code, said, _ = command("log", "verify")
    assert code == 0
    assert "1 inputs forgotten" in said
    assert [file for file in (place.home / "log" / "side").rglob("*") if file.is_file()] == []
    assert command("log", "forget", PERSONAL)[0] == 0
    assert command("log", "forget", ALLOWED)[0] == 1


def test_an_input_that_is_lost_is_not_taken_for_forgotten(place: Place, command: Command) -> None:
    """Removed by hand: `verify` ends with 1. So it does for one that was changed."""
    file = next(file for file in (place.home / "log" / "side").rglob("*") if file.is_file())
    kept = file.read_bytes()
    file.write_bytes(kept.replace(b"alice", b"mallo"))
    assert "another digest" in command("log", "verify")[2]
    file.unlink()
    code, _, complaint = command("log", "verify")
    assert code == 1
    assert "record 604" in complaint
    assert "not replayable: lost" in command("log", "show", PERSONAL)[1]


def test_the_key_is_rotated_and_the_old_one_still_leads_to_the_log(
    place: Place, command: Command, writer: WriterProcess, tmp_path: Path
) -> None:
    """Whoever trusts the first key follows the rotation that it signed."""
    old = key_of(place)
    code, said, _ = command("log", "rotate-key")
    assert code == 0
    assert said.splitlines()[0] not in {"", old.vkey}
    writer.terminate()
    writer.wait()
    command("log", "ship", tmp_path / "copy")
    code, said, complaint = command("log", "verify", "--dir", tmp_path / "copy", "--key", old.vkey)
    assert (code, complaint) == (0, "")
    assert "1 rotations" in said


def test_a_log_that_was_set_back_whole_is_found_by_its_witness_and_by_nobody_else(
    place: Place, command: Command
) -> None:
    """`verify` asks the home's witnesses what they last cosigned; one that is silent is named."""
    folder, socket = place.agents / "w", place.agents / "w.sock"
    create(folder, "witness.example/one")
    before = {name: place.home.with_name(f"was-{name}") for name in ("log", "log-key", "log-signed")}
    for name, kept in before.items():
        shutil.copytree(place.home / name, kept)
    write(place, decision(decision_id(b"n" * 16), "allow", "/more"))
    write(place)
    code, said, complaint = command("witness", "add", folder, "--at", f"unix:{socket}")
    assert (code, complaint) == (0, "")
    assert "quorum 1" in said
    with place.begin("witness", "run", str(folder), "--listen", f"unix:{socket}") as process:
        assert process.stdout is not None
        assert "ready" in process.stdout.readline()
        asyncio.run(cosign(place, folder, f"unix:{socket}"))
        assert command("log", "verify")[0] == 0
        for name, kept in before.items():
            shutil.rmtree(place.home / name)
            shutil.copytree(kept, place.home / name)
        code, _, complaint = command("log", "verify")
        assert code == 1
        assert "set back" in complaint
    code, said, _ = command("log", "verify")
    assert code == 0, "without a witness nobody can tell"
    assert "witness.example/one did not answer" in said


async def cosign(place: Place, folder: Path, address: str) -> None:
    link = WitnessLink(read_signer(folder).verifier, address)
    published = PublishedFolder(place.home / "log")
    answer = await link.ask(published, statement(published.get(CHECKPOINT), CHECKPOINT))
    await link.close()
    assert isinstance(answer, Cosigned)


def test_a_witness_elsewhere_is_named_by_its_key(place: Place, command: Command, tmp_path: Path) -> None:
    """One side at a time: the home learns the witness's key, the witness the log's. What is wrong is named (2)."""
    witness = create(tmp_path / "w", "witness.example/far")
    code, said, _ = command("witness", "add", "--key", witness.vkey, "--at", "https://witness.example")
    assert code == 0
    assert f"--log-key {key_of(place).vkey}" in said
    assert command("witness", "add", tmp_path / "w", "--log-key", key_of(place).vkey)[0] == 0
    assert command("witness", "add", "--key", key_of(place).vkey, "--at", "https://witness.example")[0] == 2
    assert command("witness", "add", "--key", witness.vkey)[0] == 2
    assert command("witness", "add", "--at", "https://witness.example")[0] == 2
    (place.home / "witnesses.yaml").write_text("quorum: 3\nwitnesses: []\nhonest: true\n")
    code, _, complaint = command("log", "verify")
    assert code == 2
    assert "witnesses.yaml:3" in complaint


def test_a_home_with_a_witness_gets_its_checkpoints_cosigned(place: Place, command: Command) -> None:
    """`doorless up` starts the part that asks; the cosigned checkpoint is what `prune` and `prove` go by."""
    folder, socket = place.agents / "w", place.agents / "w.sock"
    with place.begin(
        "witness", "run", str(folder), "--listen", f"unix:{socket}", "--name", "witness.example/one"
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("witness.example/one+")
        assert "ready" in process.stdout.readline()
        assert command("witness", "add", folder, "--at", f"unix:{socket}")[0] == 0
        stack = place.up()
        until((place.home / "log" / "cosigned" / "checkpoint").is_file, "a cosigned checkpoint")
        code, said, _ = command("log", "verify")
        assert stack.end() == 0, stack.said()
    assert code == 0
    assert "witnessed by witness.example/one" in said
    (place.home / "witnesses.yaml").write_text("quorum: 0\n")
    code, _, complaint = command("up")
    assert code == 2
    assert "witnesses.yaml:1" in complaint
