"""Addresses in answers of GitHub-shaped services lead back to the gateway, however the answer is split."""

import itertools
import json

from hypothesis import given, strategies as st

from gateway.links import Links, Relinked

LINKS = Links(b"https://api.example.com", b"http://127.0.0.1:8080/forge")
JSON = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", b"9")]
_TEXTS = st.sampled_from(
    [
        '"https://api.example.com/repos/a"',
        '"https://api.example.com"',
        '"https://api.example.com.evil/x"',
        json.dumps('said "https://api.example.com/x" there'),
        '"https://api.example.com{/sha}"',
        '""https://api.example.com/',
        '"',
        "\\",
        "https://api.example.com/",
        "é",
    ]
)


def fed(body: bytes, *places: int) -> bytes:
    """What comes out of a body that is split at these places."""
    body_links = Relinked(LINKS)
    cuts = [0, *sorted(min(place, len(body)) for place in places), len(body)]
    chunks = [body[begin:end] for begin, end in itertools.pairwise(cuts)]
    return b"".join(body_links.feed(chunk) for chunk in chunks) + body_links.feed(b"", last=True)


def test_an_address_at_the_beginning_of_a_string_is_exchanged() -> None:
    """And none of another host, none within a text, none of a host whose name only begins alike."""
    document = {
        "url": "https://api.example.com/repos/o/r",
        "template": "https://api.example.com{/sha}",
        "body": 'see "https://api.example.com/x" and https://api.example.com/y',
        "other": "https://api.example.com.evil/x",
        "html_url": "https://example.com/o/r",
    }
    told = json.loads(fed(json.dumps(document).encode()))
    assert told == document | {
        "url": "http://127.0.0.1:8080/forge/repos/o/r",
        "template": "http://127.0.0.1:8080/forge{/sha}",
    }


@given(texts=st.lists(_TEXTS, max_size=6), places=st.lists(st.integers(0, 200), max_size=6))
def test_splitting_makes_no_difference(texts: list[str], places: list[int]) -> None:
    """Whatever the chunks are, the same bytes come out as from the whole at once."""
    body = "".join(texts).encode()
    assert fed(body, *places) == fed(body)


def test_little_is_held_back() -> None:
    """No more than the address itself, so that memory and delay do not grow with an answer."""
    body_links = Relinked(LINKS)
    body = b'{"url": "https://api.example.com'
    assert len(body) - len(body_links.feed(body)) == len(b'"https://api.example.com')
    assert body_links.feed(b"/x") == b'"http://127.0.0.1:8080/forge/x'


def test_links_lead_back_or_do_not_pass() -> None:
    """`Link` and `Location` of the service itself are exchanged; one that leads elsewhere is left out."""
    next_page = (b"link", b'<https://api.example.com/repositories/1/branches?page=2>; rel="next"')
    away = (b"location", b"https://api.example.com.evil/x")
    assert LINKS.headers([next_page, away, (b"etag", b"1")]) == [
        (b"link", b'<http://127.0.0.1:8080/forge/repositories/1/branches?page=2>; rel="next"'),
        (b"etag", b"1"),
    ]


def test_only_json_is_looked_into() -> None:
    """Its length is left out, because it changes; everything else passes as it is."""
    assert LINKS.headers(JSON) == JSON[:1]
    for other in ([(b"content-type", b"text/plain")], [*JSON, (b"content-encoding", b"gzip")], []):
        assert LINKS.body(other) is None
        assert LINKS.headers(other) == other
