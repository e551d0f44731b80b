"""Calls that wait, measured on a real home."""

from pathlib import Path

import pytest

from bench import holds, machine
from bench.home import Ports
from bench.settings import QUICK


@pytest.mark.long
def test_the_gateway_and_the_command_are_measured(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory and both lists, with the targets that are promised; what is listed is what stands in the log."""
    monkeypatch.setattr(holds, "HOLDS", 300)
    folder: Path = tmp_path_factory.mktemp("b")
    ports = Ports(*machine.free_ports(len(Ports.__dataclass_fields__)))
    section = holds.measure_holds(folder, ports, QUICK)
    keys = [figure.key for figure in section.figures]
    assert keys == ["holds_memory_mb", "holds_list_s", "holds_json_s"]
    assert all(figure.target is not None for figure in section.figures)
