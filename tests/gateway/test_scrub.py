"""The matcher finds every rendering at every split, changes nothing else, and does not make streams wait."""

import base64
import html
import itertools
import json
import random
import string
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings, strategies as st

from gateway.scrub import Hit, LiveSecret, Scan, Scrubber
from gateway.secret import Secret
from tests.canaries import Canaries

REPOSITORY = Path(__file__).parents[2]
PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))
LETTERS = string.ascii_letters + string.digits + "-_"

# Written with the standard library's own encoders, not with the module under test.
RENDERED: dict[str, Callable[[bytes], bytes]] = {
    "raw": lambda secret: secret,
    "reversed": lambda secret: secret[::-1],
    "hex": lambda secret: secret.hex().encode(),
    "HEX": lambda secret: secret.hex().upper().encode(),
    "base64, first": base64.b64encode,
    "base64, second": lambda secret: base64.b64encode(b"?" + secret + b"??"),
    "base64, third": lambda secret: base64.b64encode(b">>" + secret + b"~"),
    "base64url, first": base64.urlsafe_b64encode,
    "base64url, second": lambda secret: base64.urlsafe_b64encode(b"?" + secret + b"??"),
    "base64url, third": lambda secret: base64.urlsafe_b64encode(b">>" + secret + b"~"),
    "basic": lambda secret: base64.b64encode(b"user:" + secret),
    "percent": lambda secret: b"".join(b"%%%02X" % byte for byte in secret),
    "percent, small": lambda secret: b"".join(b"%%%02x" % byte for byte in secret),
    "quote": lambda secret: quote(secret, safe="").encode(),
    "quote, slash": lambda secret: quote(secret).encode(),
    "quote_plus": lambda secret: quote_plus(secret).encode(),
    "json.dumps": lambda secret: json.dumps(secret.decode()).encode(),
    "JSON, solidus": lambda secret: json.dumps(secret.decode()).replace("/", "\\/").encode(),
    "JSON, all": lambda secret: b"".join(b"\\u%04x" % byte for byte in secret),
    "JSON, ALL": lambda secret: b"".join(b"\\u%04X" % byte for byte in secret),
    "string escapes": lambda secret: b"".join(b"\\x%02x" % byte for byte in secret),
    "html.escape": lambda secret: html.escape(secret.decode()).encode(),
    "html.escape, text": lambda secret: html.escape(secret.decode(), quote=False).encode(),
    "HTML, decimal": lambda secret: b"".join(b"&#%d;" % byte for byte in secret),
    "HTML, hex": lambda secret: b"".join(b"&#x%x;" % byte for byte in secret),
    "UTF-16 LE": lambda secret: secret.decode().encode("utf-16-le"),
    "UTF-16 BE": lambda secret: secret.decode().encode("utf-16-be"),
    "UTF-32 LE": lambda secret: secret.decode().encode("utf-32-le"),
}


def scrubber(*secrets: str) -> Scrubber:
    """One that looks for these."""
    return Scrubber(LiveSecret(f"key-{place}", Secret(secret)) for place, secret in enumerate(secrets))


def fed(scan: Scan, chunks: list[bytes]) -> tuple[bytes, Hit | None]:
    """What left of a stream, and the hit that ended it."""
    left = b""
    for chunk in chunks:
        result = scan.feed(chunk)
        if isinstance(result, Hit):
            return left, result
        left += result
    return left + scan.end(), None


def split(data: bytes, places: list[int]) -> list[bytes]:
    """The data cut at these places."""
    cuts = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(cuts)]


@pytest.mark.parametrize("rendering", RENDERED)
@settings(max_examples=25, deadline=None)
@given(
    secret=st.one_of(
        st.text(PRINTABLE, min_size=12, max_size=20), st.text(LETTERS, min_size=21, max_size=150)
    ),
    around=st.tuples(st.binary(max_size=40), st.binary(max_size=40)),
    places=st.lists(st.integers(0, 10_000), max_size=8),
)
@example(secret="\"\\/<>&'+ %=?~`|;", around=(b"", b""), places=[])
def test_every_rendering_is_found_at_every_split(
    rendering: str, secret: str, around: tuple[bytes, bytes], places: list[int]
) -> None:
    """A secret of 12 bytes or more in any rendering, anywhere, however the stream is cut, is a hit that names it.

    Each rendering that was taken out of `gateway.renderings` failed here; so did a scan that remembered nothing of the chunk before.
    """
    rendered = RENDERED[rendering](secret.encode())
    left, hit = fed(scrubber(secret).stream(), split(around[0] + rendered + around[1], places))
    assert hit is not None
    assert hit.reference == "key-0"
    # A secret may occur in random surroundings too: what left never holds the whole of what was planted.
    assert rendered not in left


@pytest.mark.parametrize("size", [14, 40, 86, 300])
def test_cut_anywhere_nothing_of_a_secret_leaves(size: int) -> None:
    """Cut between any two bytes, or byte by byte: always a hit, and not 8 bytes of the secret left before it.

    The search of the tests says so, which decodes. With a hold that was one character too short every rendering
    leaked; with renderings of the secret's end, escaped ones did.
    """
    secret = "Z" + "".join(random.Random(size).choices(LETTERS, k=size - 1))
    canaries = Canaries()
    canaries.watch("secret", secret)
    found = scrubber(secret)
    for name, rendering in RENDERED.items():
        data = b"<before> " + rendering(secret.encode()) + b" <after>"
        assert canaries.found_in(data), name
        cuts = [[data[:place], data[place:]] for place in range(0, len(data), 1 + size // 40)]
        for chunks in (*cuts, [data[place : place + 1] for place in range(len(data))]):
            left, hit = fed(found.stream(), chunks)
            assert hit is not None, name
            assert not canaries.found_in(left), name


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 10_000), max_size=8), st.integers(0, 60))
def test_what_holds_no_secret_is_never_changed(noise: bytes, places: list[int], near: int) -> None:
    """Any bytes, and the beginning of a secret in the middle of them, come out as they went in.

    A scan that forgot at its end what it held failed here.
    """
    secret = "".join(random.Random(7).choices(LETTERS, k=40))
    begun = secret[: min(near, 39)].encode()
    data = noise + begun + b"\n" + noise + begun
    assert fed(scrubber(secret).stream(), split(data, places)) == (data, None)


def test_our_own_texts_hold_no_secret() -> None:
    """Nothing in the sources, policies and pages of this repository is a rendering of twenty random secrets.

    With a minimum of three characters for a rendering, hundreds of files were hits.
    """
    chosen = random.Random(11)
    found = scrubber(
        *("".join(chosen.choices(LETTERS, k=size)) for size in (8, 9, 10, 12, 16, 20, 32, 40, 64, 164) * 2)
    )
    folders = ("audit", "decision", "docs", "gateway", "issuer", "policies", "requirements", "tests")
    files = [file for folder in folders for file in (REPOSITORY / folder).rglob("*.*") if file.is_file()]
    assert len(files) > 200
    for file in files:
        data = file.read_bytes()
        assert fed(found.stream(), [data]) == (data, None), file


@pytest.mark.parametrize(
    "event", [b"data: 1\n\n", b'data: {"text": "Zq"}\n\n', b": ping\n\n", b'{"a": [1, 2]}\n']
)
def test_an_event_leaves_at_once(event: bytes) -> None:
    """An event that ends as events do is not held at all. With a fixed hold of the longest rendering it stayed."""
    scan = scrubber("Zq7-x9Kd_02mVb-aaaa", "k" * 64).stream()
    for _ in range(3):
        assert scan.feed(event) == event


def test_only_the_longest_beginning_of_a_rendering_is_held() -> None:
    """What waits is exactly what could become a secret, and it leaves as soon as it cannot any more.

    Three characters leave, remembered: with them held, every chunk that ended with a `Z` was broken in two.
    """
    scan = scrubber("Zq7-x9Kd_02mVb").stream()
    assert scan.feed(b"text Zq7-x") == b"text "
    assert scan.feed(b"9") == b""
    assert scan.feed(b"!") == b"Zq7-x9!"
    assert scan.feed(b"ZqZq7") == b"ZqZq7"
    assert scan.feed(b"-") == b""
    assert scan.feed(b"x9Kd_02mV") == b""
    assert scan.end() == b"-x9Kd_02mV"
    assert scan.feed(b"Zq7") == b"Zq7"
    assert isinstance(scan.feed(b"-x9Kd_02mVb"), Hit)


def test_nearest_neighbours_of_a_secret_pass() -> None:
    """One changed, missing or exchanged character is no secret: the match is exact."""
    secret = "Zq7-x9Kd_02mVb-Mm55"
    for near in (
        secret[1:],
        secret[:-1],
        secret.swapcase(),
        secret.replace("_", "."),
        secret[:9] + " " + secret[9:],
    ):
        assert scrubber(secret).find(near.encode()) is None


def test_a_hit_names_the_credential_and_never_the_secret() -> None:
    """Hit, scrubber and live secret print without the secret. A scrubber with a plain `str` in it printed it."""
    secret = "Zq7-x9Kd_02mVb"
    found = scrubber("another-secret-entirely", secret)
    hit = found.find(b"<" + secret.encode().hex().encode() + b">")
    assert hit == Hit("key-1", "hex")
    assert secret not in repr((hit, found, LiveSecret("key", Secret(secret)), found.stream()))


def test_nothing_to_look_for_is_nothing_found() -> None:
    """Without secrets, or with none that is long enough, everything passes."""
    for empty in (scrubber(), scrubber("short")):
        assert fed(empty.stream(), [b"short", b"", b"anything"]) == (b"shortanything", None)


def test_nothing_is_held_back_after_the_last_chunk() -> None:
    """What ends an answer completes nothing, so it leaves at once; a secret that it completes is found all the same."""
    secret = "Zq7-x9!Ab3-k8?"
    assert scrubber(secret).stream().feed(b"text Zq7-x9!", last=True) == b"text Zq7-x9!"
    scan = scrubber(secret).stream()
    assert scan.feed(secret[:9].encode()) == b""
    assert isinstance(scan.feed(secret[9:].encode(), last=True), Hit)
