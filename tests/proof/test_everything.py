"""The tables themselves: complete, without strays, and every attempt callable with the arguments that it is given."""

import importlib
import inspect
import pkgutil
from collections import Counter
from typing import Any

import pytest

from proof import probes
from proof.attempts import files, gateway, host, kernel, network, processes, share
from proof.everything import PROBES
from proof.model import Group
from proof.room_probe import RoomProbe

ROOMS = [probe for probe in PROBES if isinstance(probe, RoomProbe)]
LEAST = {
    Group.NETWORK: 30,
    Group.HOST: 20,
    Group.FILES: 25,
    Group.PROCESSES: 30,
    Group.HTTP: 40,
    Group.TOKENS: 45,
    Group.SECRETS: 20,
    Group.CHANGES: 8,
    Group.APPROVALS: 9,
    Group.JURY: 14,
    Group.LOG: 3,
    Group.FAIL_CLOSED: 10,
    Group.AFTER_END: 10,
}
USED_BY_OTHERS = {
    "gateway.ask",
    "gateway.ask_often",
    "share.flood",
    "processes.leave_behind",
    "kernel.handle_of",
}
USED_BY_OTHERS |= {"processes.leave_behind_and_stay", "files.read"}


def test_every_group_has_its_probes() -> None:
    """No group falls below what it has now, and the whole is over seventy. An empty table failed here."""
    counted = Counter(probe.group for probe in PROBES)
    assert {group: counted[group] for group in Group if counted[group] < LEAST[group]} == {}


def test_no_table_is_left_out() -> None:
    """Every row of every table below proof/probes is tried. Taking *ENDS out of PROBES failed here."""
    rows = [
        row
        for module in pkgutil.iter_modules(probes.__path__)
        for name, table in vars(importlib.import_module(f"proof.probes.{module.name}")).items()
        if name.isupper() and not name.startswith("_") and isinstance(table, tuple)
        for row in table
    ]
    assert len(rows) == len(PROBES)
    assert all(row in PROBES for row in rows)


def test_names_are_unique_and_say_what_is_proven() -> None:
    """No two probes of a group share a name, and each says alone what it proves. A doubled row failed here."""
    names = Counter((probe.group, probe.name) for probe in PROBES)
    assert [name for name, times in names.items() if times > 1] == []
    assert [probe.name for probe in PROBES if len(probe.proves.split()) < 4] == []


@pytest.mark.parametrize("probe", ROOMS, ids=lambda probe: f"{probe.group}-{probe.name}")
def test_attempts_exist_and_take_their_arguments(probe: RoomProbe) -> None:
    """Each row names an attempt that takes exactly its arguments. A misspelt attempt was one silent probe, late."""
    area, _, name = probe.attempt.partition(".")
    attempt = getattr(importlib.import_module(f"proof.attempts.{area}"), name)
    inspect.signature(attempt).bind(**probe.arguments)


def test_no_attempt_is_left_untried() -> None:
    """Every public attempt belongs to a probe. A new function without a row failed here."""
    modules: tuple[Any, ...] = (files, gateway, host, kernel, network, processes, share)
    written = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    tried = {probe.attempt for probe in ROOMS}
    assert sorted(written - tried - USED_BY_OTHERS) == []


def test_no_probe_of_network_host_or_files_may_be_absent() -> None:
    """Where absence is never accepted no row claims it. One switchable row in files failed here."""
    strict = (Group.NETWORK, Group.HOST, Group.FILES)
    assert [probe.name for probe in ROOMS if probe.switchable and probe.group in strict] == []
