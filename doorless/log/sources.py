"""Which log is to be verified, and whom its reader trusts: options into values."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.faults import LogFault
from audit.sealed import read_checkpoint
from audit.trust import Trust
from audit.witness_link import WitnessLink
from decision.yaml_source import ConfigErrors
from doorless.chosen_home import choose_home
from doorless.home import Home
from doorless.log.proofs import keys_of
from doorless.problem import ExitCode, Problem
from doorless.witnesses import Witnesses, load_witnesses

Source = Home | Path | str
"""A home, the folder of a copy, or a web address."""


def chosen_source(home: Path | None, copy: Path | None, url: str | None, keys: Sequence[str]) -> Source:
    """The home, the copy or the address; more than one of them is a mistake. Raises `Problem`."""
    if sum(each is not None for each in (home, copy, url)) > 1:
        raise Problem(
            "More than one log was named.", "One is verified at a time.", "Name a home, --dir or --url."
        )
    if url is not None and not keys:
        raise Problem(
            "No key was named.",
            "What a server says of its own key shows nothing.",
            "Add --key VKEY, as the log's operator gave it to you.",
        )
    if copy is not None:
        return copy
    return url if url is not None else choose_home(home)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who verifies: whom they trust, and which witnesses of the home were asked for what they have and did not answer."""

    trust: Trust
    silent: tuple[str, ...] = ()


def reader_of(
    source: Source, keys: Sequence[str], witnesses: Sequence[str], against: Sequence[Path]
) -> Reader:
    """Whom to trust: what was named; of a home its own witnesses too, and what they last cosigned. Raises `Problem`."""
    kept = tuple(_read(file) for file in against)
    own = own_witnesses(source) if isinstance(source, Home) else Witnesses()
    asked = (
        asyncio.run(_ask(source, own))
        if isinstance(source, Home) and own.witnesses
        else dict[str, bytes | None]()
    )
    trusted = tuple(dict.fromkeys((*keys_of(list(witnesses)), *own.keys)))
    notes = tuple(note for note in asked.values() if note is not None)
    silent = tuple(name for name, note in asked.items() if note is None)
    return Reader(Trust(keys_of(list(keys)), trusted, (*kept, *notes)), silent)


def own_witnesses(home: Home) -> Witnesses:
    """The witnesses that the home names. Raises `Problem`."""
    try:
        return load_witnesses(home)
    except ConfigErrors as errors:
        raise Problem("witnesses.yaml cannot be used.", str(errors), "Mend the named lines.") from None


async def _ask(home: Home, witnesses: Witnesses) -> dict[str, bytes | None]:
    """What each witness last cosigned, by its name: a log that was set back as a whole is behind one of them."""
    try:
        origin = read_checkpoint(home.log).origin
    except LogFault:
        return {}  # what is wrong with it is told by the check itself
    links = [WitnessLink(key, each.at) for key, each in zip(witnesses.keys, witnesses.witnesses, strict=True)]
    notes = await asyncio.gather(*(link.latest(origin) for link in links))
    await asyncio.gather(*(link.close() for link in links))
    return {link.verifier.name: note for link, note in zip(links, notes, strict=True)}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Problem(
            "The checkpoint to compare with cannot be read.",
            f"{error}.",
            "Name another file.",
            ExitCode.NOT_RUNNING,
        ) from None
