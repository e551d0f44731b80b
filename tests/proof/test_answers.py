from proof.answers import read_answer
from proof.canaries import no_such_name


def test_an_answer_is_read_with_its_decision() -> None:
    """Status, decision and a body in chunks. Without dechunking a secret in pieces was not recognised."""
    raw = b"HTTP/1.1 200 OK\r\nX-Doorless-Decision: d-1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
    answer = read_answer(raw)
    assert (answer.status, answer.decision, answer.body) == (200, "d-1", b"abcdef")


def test_a_broken_answer_is_read_as_far_as_it_goes() -> None:
    """A cut body keeps what came of it, and silence is no answer. Raising made every cut stream a silent probe."""
    cut = read_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    assert (cut.status, cut.body) == (200, b"half")
    assert read_answer(b"").status == 0
    assert read_answer(b"garbage").status == 0


def test_the_resolver_answers_that_there_is_no_such_name() -> None:
    """The answer keeps the query's number and ends the asking. Echoing the query made each control wait for a second."""
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01"
    answer = no_such_name(query)
    assert answer[:2] == query[:2]
    assert answer[3] & 0x0F == 3
    assert no_such_name(b"short") == b"short"
