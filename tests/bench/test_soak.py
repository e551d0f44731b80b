"""The long load is paced, and its command line says so."""

from bench.wrk import arguments


def test_a_paced_load_waits_between_requests() -> None:
    """A paced run takes the script that waits; a full-speed run does not, since any script of a request costs it."""
    paced = arguments("http://127.0.0.1:1/", 32, 30, paced=True)
    full = arguments("http://127.0.0.1:1/", 32, 30)
    assert paced[paced.index("--script") + 1].endswith("paced.lua")
    assert full[full.index("--script") + 1].endswith("report.lua")
