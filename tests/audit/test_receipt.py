"""Receipts: one birthplace."""

import copy
import dataclasses
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from audit import client
from audit.receipt import Mint, Receipt, claim_mint

ROOT = Path(__file__).parents[2]


def test_nobody_else_can_claim_the_mint() -> None:
    """The client holds the mint; a second claim raises and says who holds it."""
    with pytest.raises(RuntimeError, match=r"held by audit\.client"):
        claim_mint("somebody")


def test_a_receipt_without_the_mint_is_refused_at_run_time() -> None:
    """Neither a missing, a made nor a foreign mint makes a receipt."""
    with pytest.raises(TypeError):
        Receipt(0, "", b"")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"audit\.client"):
        Receipt(0, "", b"", object.__new__(Mint))
    with pytest.raises(TypeError, match="nobody"):
        Mint(None)  # type: ignore[arg-type]


def test_a_receipt_cannot_be_changed_copied_with_changes_or_pickled() -> None:
    """A real receipt stays what it is."""
    receipt = Receipt(7, "d-x", b"digest", client._MINT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        receipt.seq = 8  # type: ignore[misc]
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(receipt, seq=8)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(receipt)
    with pytest.raises(TypeError, match="pickled"):
        copy.copy(receipt)


@pytest.mark.parametrize(
    "forgery", ['Receipt(0, "", b"")', 'Receipt(0, "", b"", Mint())', 'Receipt(0, "", b"", None)']
)
def test_mypy_refuses_a_forged_receipt(tmp_path: Path, forgery: str) -> None:
    """The type checker refuses each way of writing a receipt down."""
    source = tmp_path / "forgery.py"
    source.write_text(
        f"from audit.receipt import Mint, Receipt\n\nFORGED: Receipt = {forgery}\nMINT = Mint\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(source)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert "forgery.py:3: error:" in run.stdout
