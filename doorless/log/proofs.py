"""`doorless log prove` and `check-proof`: one decision, shown to somebody who has a key and a file."""

import sys
from dataclasses import dataclass
from pathlib import Path

from audit.entry import DecisionEntry, EntryInvalid, decode
from audit.faults import LogFault, LogUnavailable
from audit.note import KeyMalformed, Verifier, parse_vkey
from audit.proof import ProofInvalid, Proven, check_proof
from audit.prove import NotSealed, prover_of
from audit.published import NotPublished
from audit.query import Stored, Story
from doorless import screen
from doorless.child import printable
from doorless.home import Home
from doorless.log.documents import json_of
from doorless.log.reading import indexed, unknown
from doorless.log.view import Found, story_page
from doorless.problem import ExitCode, Problem


def prove_decision(home: Home, name: str) -> None:
    """Write the proof of one decision to stdout: path to the root, signed checkpoint, and the entry. Raises `Problem`."""
    with indexed(home) as lookup:
        story = lookup.decision(name)
    if story is None:
        raise unknown(name)
    try:
        proof = prover_of(home.log, story.decision.seq).prove(story.decision.seq)
    except NotSealed:
        raise Problem(
            f"{name} is not under a checkpoint yet.",
            "A running writer signs one within a second; a stopped one does at its next start.",
            "Try again in a moment, or start Doorless.",
            ExitCode.FAILED,
        ) from None
    except (ProofInvalid, NotPublished, LogFault, LogUnavailable) as error:
        raise Problem(
            f"{name} cannot be proven.",
            f"{error}.",
            "`doorless log verify` tells what is wrong.",
            ExitCode.FAILED,
        ) from None
    sys.stdout.write(proof.encode().decode())


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands in the tree: the text of its proof without the entry, and the same in words."""

    proof: str
    words: str


def place_in_tree(home: Home, seq: int) -> Place:
    """Where record `seq` stands. Raises ProofInvalid where tree and entry disagree, NotPublished, LogFault, LogUnavailable."""
    prover = prover_of(home.log, seq)
    try:
        proof = prover.prove(seq, carry=False)
    except NotSealed:
        return Place("", "no checkpoint covers it yet")
    words = f"record {seq:,} of {prover.checkpoint.size:,}, {len(proof.hashes)} hashes up to the signed root"
    return Place(proof.encode().decode(), words)


@dataclass(frozen=True, slots=True)
class Trusted:
    """What the reader of a proof brings along: the log's keys, witnesses, and how many of these must have cosigned."""

    keys: tuple[Verifier, ...]
    witnesses: tuple[Verifier, ...] = ()
    quorum: int = 0


def check_proof_file(file: Path, trusted: Trusted, *, as_json: bool) -> None:
    """Check a proof with nothing but keys, and show what it proves. Raises `Problem`: 1 where it proves nothing."""
    try:
        text = file.read_bytes()
    except OSError as error:
        raise Problem(
            "The proof cannot be read.", f"{error}.", "Name another file.", ExitCode.NOT_RUNNING
        ) from None
    try:
        proven = check_proof(text, trusted.keys, witnesses=trusted.witnesses, quorum=trusted.quorum)
        stored = Stored(proven.index, decode(proven.entry))
    except (ProofInvalid, EntryInvalid) as error:
        raise Problem(
            "The proof does not hold.",
            f"{error}.",
            "Ask for another one, and keep this one: it is evidence of what was claimed.",
            ExitCode.FAILED,
        ) from None
    if as_json:
        sys.stdout.write(f"{json_of(stored)}\n")
    else:
        _show(stored)
        sys.stdout.write(_said(proven))


def _show(stored: Stored) -> None:
    """The entry as a page of its own, where it is a decision; else as it stands."""
    if isinstance(stored.entry, DecisionEntry):
        screen.show(story_page(Story(stored, None), Found(alone=True)))
    else:
        sys.stdout.write(f"{printable(json_of(stored))}\n")


def keys_of(texts: list[str]) -> tuple[Verifier, ...]:
    """Public keys as people give them: a vkey, or the name of a file that holds one. Raises `Problem`."""
    return tuple(_key(text) for text in texts)


def _key(text: str) -> Verifier:
    try:
        return parse_vkey(Path(text).read_text(encoding="ascii") if Path(text).is_file() else text)
    except (KeyMalformed, OSError, UnicodeDecodeError) as error:
        raise Problem(
            f"{text[:80]!r} is no public key.",
            f"{error}.",
            "Give NAME+ID+KEY as it stands in a .vkey file, or the file's name.",
        ) from None


def _said(proven: Proven) -> str:
    witnesses = ", ".join(sorted({one.by.name for one in proven.cosigned}))
    return (
        f"The proof holds: this is record {proven.index:,} of {proven.checkpoint.size:,} in the log "
        f"{printable(proven.checkpoint.origin)}.\n"
        + (
            f"Cosigned by {printable(witnesses)}.\n"
            if witnesses
            else "No witness that you named cosigned it.\n"
        )
    )
