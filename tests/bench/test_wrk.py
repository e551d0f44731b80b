import pytest

from bench.failure import CannotMeasure
from bench.wrk import arguments, read

GOOD = '"requests":6000,"duration_us":2000000,"p50_us":900,"p99_us":2100,"bad_status":0,"socket_errors":0'


def output(report: str) -> str:
    return f"Running 2s test @ http://127.0.0.1:1/\n  6000 requests in 2.00s\n\nREPORT {{{report}}}\n"


def test_a_spotless_run_is_a_figure() -> None:
    """Requests a second are those that were answered by the time that it really took."""
    load = read(output(GOOD))
    assert load.per_second == 3000
    assert (load.p50_us, load.p99_us) == (900, 2100)


@pytest.mark.parametrize(
    "spoiled",
    [
        GOOD.replace('"bad_status":0', '"bad_status":1'),
        GOOD.replace('"socket_errors":0', '"socket_errors":1'),
        GOOD.replace('"requests":6000', '"requests":0'),
    ],
)
def test_one_wrong_answer_spoils_the_run(spoiled: str) -> None:
    """A refused request, a broken connection, or no request at all: no figure."""
    with pytest.raises(CannotMeasure):
        read(output(spoiled))


def test_no_report_is_an_error_with_what_wrk_said() -> None:
    """Where wrk could not run, its own words are shown."""
    with pytest.raises(CannotMeasure, match="unable to connect"):
        read("unable to connect to 127.0.0.1:1 Connection refused\n")


def test_wrk_is_asked_as_promised() -> None:
    """One thread, the connections and seconds of the run, and the host name that every channel answers to."""
    words = arguments("http://127.0.0.1:1/items/items", 32, 6)
    assert words[:7] == ["wrk", "--threads", "1", "--connections", "32", "--duration", "6s"]
    assert "Host: proxy" in words
    assert words[-1] == "http://127.0.0.1:1/items/items"
