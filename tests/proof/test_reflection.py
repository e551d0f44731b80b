import base64

import pytest

from proof.reflection_probe import FRAGMENT_BYTES, fragment_in, without_signature
from proof.renderings import RENDERINGS

SECRET = b"canary-4f1c09d3a2b87e56c0ffee11d05eba77"


@pytest.mark.parametrize("rendering", sorted(RENDERINGS))
def test_eight_bytes_in_any_form_are_found(rendering: str) -> None:
    """A third of a rendered secret is enough to be recognised. Looking for the whole of it found none of these."""
    rendered = RENDERINGS[rendering](SECRET)
    third = rendered[len(rendered) // 3 : 2 * len(rendered) // 3]
    assert fragment_in((b"before " + third + b" after",), rendered, SECRET)


@pytest.mark.parametrize("rendering", sorted(RENDERINGS))
def test_what_is_no_secret_is_not_found(rendering: str) -> None:
    """Fewer than eight bytes, or another secret's form, are no find. A width of four found the common prefix."""
    rendered = RENDERINGS[rendering](SECRET)
    other = RENDERINGS[rendering](b"an-entirely-different-value-of-some-len")
    few = rendered[: round((FRAGMENT_BYTES - 2) * len(rendered) / len(SECRET))]
    assert fragment_in((other, few), rendered, SECRET) == b""


def test_base64_is_tried_at_each_alignment() -> None:
    """The three base64 forms have no piece in common. With one alignment two of them were the same."""
    forms = [RENDERINGS[name](SECRET) for name in ("base64", "base64-one-on", "base64-two-on")]
    assert base64.b64decode(forms[0]) == SECRET
    for one in forms:
        assert [other for other in forms if fragment_in((other,), one, SECRET)] == [one]


@pytest.mark.parametrize("rendering", sorted(RENDERINGS))
def test_of_a_token_the_signature_is_the_secret(rendering: str) -> None:
    """Header and claims may come back, the signature may not, in any form and alignment.

    Rendering the signature by itself did not find it in the middle of a base64 of the whole token.
    """
    render = RENDERINGS[rendering]
    token = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJub2JvZHkifQ." + b"".join(
        b"%c%d" % (97 + n, n) for n in range(20)
    )
    known = without_signature(token)
    assert fragment_in((render(token),), render(token), token, render(known))
    assert fragment_in((render(known),), render(token), token, render(known)) == b""
