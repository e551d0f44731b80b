"""What `doorless policy check` and `test` do: choose the folder and the tools, run the gates, say what came out."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from decision.gates import Gate, Tools
from decision.opa_binary import OpaNotFoundError, find_opa
from doorless.chosen_home import choose_home
from doorless.create import SHIPPED_POLICIES
from doorless.problem import Problem

_REGAL = "regal-0.42.0"


def choose_policies(policies: Path | None, home: Path | None) -> Path:
    """The folder to look at: `--policies`, else the home's, else what ships with this Doorless."""
    if policies is not None:
        if not policies.is_dir():
            raise Problem(f"{policies} is not a folder.", "Policies are a folder.", "Name another.")
        return policies.resolve()
    if home is not None or "DOORLESS_HOME" in os.environ:
        return choose_home(home).policies
    return SHIPPED_POLICIES


def find_tools(policies: Path) -> Tools:
    """OPA, and Regal for the policies that ship: its rules are our house style, not a user's."""
    try:
        opa = find_opa(os.environ)
    except OpaNotFoundError as error:
        raise Problem("No usable OPA was found.", str(error), "`doorless doctor` checks again.") from None
    return Tools(opa, _regal(os.environ) if policies == SHIPPED_POLICIES else None)


def run_gates(
    gates: Callable[[Path, Tools], tuple[Gate, ...]],
    policies: Path | None,
    home: Path | None,
    *,
    as_json: bool,
) -> bool:
    """Run the gates and print them; whether all passed."""
    folder = choose_policies(policies, home)
    results = gates(folder, find_tools(folder))
    if as_json:
        document = {"policies": str(folder), "gates": [asdict(gate) for gate in results]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        _print(folder, results)
    return bool(results) and all(gate.ok for gate in results)


def _print(folder: Path, results: tuple[Gate, ...]) -> None:
    from doorless.screen import cell, new_table, show

    table = new_table("", "gate", "said")
    for gate in results:
        said = gate.output if gate.ok else "see below"
        table.add_row(cell("ok" if gate.ok else "fail"), cell(gate.name), cell(said))
    sys.stdout.write(f"Policies in {folder}\n")
    show(table)
    for gate in results:
        if not gate.ok:
            sys.stdout.write(f"{gate.name}:\n{gate.output}\n")


def _regal(environment: Mapping[str, str]) -> Path:
    """Where Regal is; where it is missing, the path whose absence its gate will name."""
    if "DOORLESS_REGAL" in environment:
        return Path(environment["DOORLESS_REGAL"])
    cache = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME", "/")) / ".cache")
    cached = Path(cache) / "doorless" / _REGAL / "regal"
    on_path = shutil.which("regal", path=environment.get("PATH", os.defpath))
    return Path(on_path) if on_path and not cached.is_file() else cached
