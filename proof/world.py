"""The world of one proof: a network of canaries with a real home in it, and what an attempt there can come upon.

Set up once, by `entered`. Everything outside is out of reach, so a broken wall meets a canary and nothing real.
"""

import asyncio
import itertools
import os
import pwd
import secrets
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from audit.entry import DecisionEntry, EventEntry, OutcomeEntry
from audit.query import Stored
from audit.reader import read_entries
from proof import attempts, kernel
from proof.canaries import Canaries
from proof.catalogue import (
    LOOPBACK_PORT,
    PRISONER,
    ROAMER,
    UPSTREAM_PORT,
    approvals_yaml,
    jury_yaml,
    roles_yaml,
    services_yaml,
)
from proof.control import Control, Workflow
from proof.git_forge import GitForge
from proof.models import Models
from proof.network_interfaces import populate_loopback
from proof.parts import Parts
from proof.plants import Plants, plant
from proof.settings import Layout
from proof.upstream import Upstream
from proof.vendors import turned
from proof.vendors.environment import library_environment
from sandbox.host import gather_host
from sandbox.room import Host

ADDRESSES = (
    *("169.254.169.254", "169.254.7.7", "100.100.100.200", "8.8.8.8", "1.1.1.1", "10.0.0.1", "192.168.1.1"),
    *("fd00:ec2::254", "2606:4700:4700::1111", "fe80::7", "64:ff9b::a9fe:a9fe"),
)
"""What `lo` answers for beside 127.0.0.1 and ::1."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that probes act on."""

    place: Path
    layout: Layout
    canaries: Canaries
    upstream: Upstream
    forge: GitForge
    models: Models
    plants: Plants
    parts: Parts
    control: Control
    host: Host
    prisoner: Workflow
    roamer: Workflow
    agent_folder: Path
    """What rooms show as /agent: the attempts' own code."""

    def new_mark(self) -> str:
        """A word that nothing else in this world says."""
        return f"mark{next(_NUMBERS):04d}{secrets.token_hex(6)}"

    def entries(self) -> tuple[Stored, ...]:
        """The whole log as it stands on disk."""
        return tuple(read_entries(self.layout.log))

    def decision(self, decision: str) -> DecisionEntry | None:
        """The recorded decision of this id."""
        entries = (stored.entry for stored in self.entries())
        return next((e for e in entries if isinstance(e, DecisionEntry) and e.id == decision), None)

    def outcome(self, decision: str) -> OutcomeEntry | None:
        """What became of a decision, once that is recorded."""
        entries = (stored.entry for stored in self.entries())
        return next((e for e in entries if isinstance(e, OutcomeEntry) and e.decision == decision), None)

    def events(self, name: str, workflow: str) -> tuple[EventEntry, ...]:
        """Recorded events of this name about a workflow."""
        entries = (stored.entry for stored in self.entries())
        return tuple(
            e for e in entries if isinstance(e, EventEntry) and e.event == name and e.workflow == workflow
        )


SECRET_VARIABLE = "PROOF_SECRET_KEY"  # noqa: S105 - its name
"""Stands in the environment of whatever starts rooms, and so of every control."""
_NUMBERS = itertools.count(1)


@asynccontextmanager
async def entered(place: Path, layout: Layout) -> AsyncIterator[World]:
    """Set the world up, and take it down. Raises `NotAlone`, `OSError`, or `NeverReady` where that fails."""
    populate_loopback(ADDRESSES)
    plants = plant(place)
    kernel.forget_inheritance()
    os.environ[SECRET_VARIABLE] = plants.secrets["environment"]
    _write_policy(layout, plants)
    agent_folder = _copy_attempts(place)
    _write_jury(place, layout, agent_folder)
    async with AsyncExitStack() as stack:
        upstream = Upstream()
        await upstream.open(UPSTREAM_PORT)
        stack.callback(upstream.close)
        stack.callback(os.close, _leave_open(plants.handed))
        canaries = stack.enter_context(Canaries(plants.handed))
        await canaries.open(LOOPBACK_PORT, plants.open_folder, plants.abstract)
        parts = await stack.enter_async_context(Parts.started(layout))
        forge = GitForge(place, layout.forge_token)
        stack.push_async_callback(forge.close)
        models = Models()
        stack.push_async_callback(models.close)
        control = Control(layout.run / "issuer.sock", layout.run / "gateway.sock")
        stack.push_async_callback(control.close)
        yield World(
            place=place,
            layout=layout,
            canaries=canaries,
            upstream=upstream,
            forge=forge,
            models=models,
            plants=plants,
            parts=parts,
            control=control,
            host=await asyncio.to_thread(gather_host),
            prisoner=await stack.enter_async_context(control.workflow(PRISONER)),
            roamer=await stack.enter_async_context(control.workflow(ROAMER)),
            agent_folder=agent_folder,
        )


def _write_policy(layout: Layout, plants: Plants) -> None:
    names = (layout.jwt_service, layout.static_service)
    (layout.policies / "services.yaml").write_text(services_yaml(*names))
    (layout.policies / "roles.yaml").write_text(roles_yaml(*names))
    approver = pwd.getpwuid(os.getuid()).pw_name
    (layout.policies / "approvals.yaml").write_text(approvals_yaml(approver))
    layout.static_key.write_text(plants.secrets["static key"])
    layout.jwt_secret.write_text(plants.secrets["introspection secret"])


def _write_jury(place: Path, layout: Layout, agent_folder: Path) -> None:
    """Two jurors whose library does what documents say: it has the attempts beside it."""
    libraries = place / "libraries"
    packages = library_environment(libraries, Path(turned.__file__), python())
    shutil.copytree(agent_folder / "proof", packages / "proof")
    layout.jury.write_text(jury_yaml(str(libraries)))


def _leave_open(file: Path) -> int:
    """A descriptor that every process inherits whose starter does not see to it."""
    number = os.open(file, os.O_RDONLY)
    os.set_inheritable(number, True)
    return number


def _copy_attempts(place: Path) -> Path:
    """The attempts' code in a folder that anybody may write to: only the room's read-only view keeps it whole."""
    folder = place / "agent"
    package = folder / "proof" / "attempts"
    package.mkdir(parents=True)
    (folder / "proof" / "__init__.py").touch()
    for file in Path(attempts.__file__).parent.glob("*.py"):
        shutil.copy(file, package)
    for path in (folder, folder / "proof", package):
        path.chmod(0o777)
    return folder


def python() -> str:
    """The interpreter that attempts run on, inside and outside."""
    return os.path.realpath(sys.executable)
