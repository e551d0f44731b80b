"""Path templates of routes: `/reports/{id}`; reading them, and telling whether two can match one path.

Pure. A parameter is exactly one non-empty segment, or as `{path*}` at the end one or more of them; everything else
in a template is matched byte for byte.
"""

import re
from dataclasses import dataclass

# A literal segment: RFC 3986 pchar, percent-encoding in capitals; the gateway refuses other spellings.
_LITERAL = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-F]{2})+")
_PARAMETER = re.compile(r"\{([a-zA-Z_][a-zA-Z0-9_]{0,62})(\*?)\}")
# What the gateway refuses in every path (encoded / \ . % NUL): a template with it could never match.
_NEVER = re.compile(r"%(?:2F|5C|2E|25|00)")


@dataclass(frozen=True, slots=True)
class Literal:
    """A segment that must be exactly this."""

    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A segment that may be anything but empty; with `rest` all that follow it too."""

    name: str
    rest: bool = False


Segment = Literal | Parameter


def parse_template(template: str) -> tuple[Segment, ...]:
    """The segments of a path template. Raises `ValueError` with a sentence that says what is wrong."""
    if not template.startswith("/"):
        raise ValueError(f"the path {template!r} must begin with /")
    texts = template[1:].split("/")
    if "" in texts[:-1]:
        raise ValueError(f"the path {template!r} has an empty segment")
    segments = tuple(_segment(text, template) for text in texts)
    names = [segment.name for segment in segments if isinstance(segment, Parameter)]
    if len(set(names)) < len(names):
        raise ValueError(f"the path {template!r} names a parameter twice")
    if any(isinstance(segment, Parameter) and segment.rest for segment in segments[:-1]):
        raise ValueError(
            f"the path {template!r}: a parameter with * takes all that follows, so it stands last"
        )
    return segments


def example(template: str) -> str:
    """A path that the template matches: each parameter is its own name."""
    texts = (s.text if isinstance(s, Literal) else s.name for s in parse_template(template))
    return "/" + "/".join(texts)


def _segment(text: str, template: str) -> Segment:
    parameter = _PARAMETER.fullmatch(text)
    if parameter:
        return Parameter(parameter[1], rest=bool(parameter[2]))
    if "{" in text or "}" in text:
        raise ValueError(f"the path {template!r}: a parameter is a whole segment of the form {{name}}")
    if text in {".", ".."} or _NEVER.search(text) or (text and not _LITERAL.fullmatch(text)):
        raise ValueError(
            f"the path {template!r}: the segment {text!r} is none that the gateway would forward"
        )
    return Literal(text)


def common_path(one: tuple[Segment, ...], other: tuple[Segment, ...]) -> str | None:
    """A path that both templates match, or `None` where there is none."""
    one, other = _as_long_as(one, other), _as_long_as(other, one)
    if len(one) != len(other):
        return None
    texts: list[str] = []
    for left, right in zip(one, other, strict=True):
        match left, right:
            case Literal(text), Literal(other_text) if text != other_text:
                return None
            case (Literal(text), Parameter()) | (Parameter(), Literal(text)) if not text:
                return None
            case (Literal(text), _) | (_, Literal(text)):
                texts.append(text)
            case _:
                texts.append("x")
    return "/" + "/".join(texts)


def one_is_more_specific(one: tuple[Segment, ...], other: tuple[Segment, ...]) -> bool:
    """Whether, wherever two overlapping templates differ, it is always the same one that says more.

    A literal says more than a parameter, and a parameter more than one that takes all that follows.
    """
    longer_one, longer_other = _as_long_as(one, other), _as_long_as(other, one)
    more_here = {
        _says(left) > _says(right)
        for left, right in zip(longer_one, longer_other, strict=True)
        if _says(left) != _says(right)
    }
    return len(more_here) == 1


def _as_long_as(one: tuple[Segment, ...], other: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The template with its last parameter repeated up to the other's length, where that one takes the rest."""
    last = one[-1]
    missing = len(other) - len(one)
    return one + (last,) * missing if missing > 0 and isinstance(last, Parameter) and last.rest else one


def _says(segment: Segment) -> int:
    match segment:
        case Literal():
            return 2
        case Parameter(rest=False):
            return 1
        case Parameter():
            return 0
