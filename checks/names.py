"""Names in trees as the file systems of this world read them; pure.

Paths are bytes in git. Here they become text for people and policy, and what is wrong with a name is said.
"""

import re
import unicodedata
from functools import lru_cache

from decision.change import IrregularKind
from decision.path_patterns import fold

Oddity = tuple[IrregularKind, str]
"""What is irregular about a name, and why."""

LONGEST_NAME, LONGEST_PATH = 255, 4095
"""Of a file, in bytes (NAME_MAX and PATH_MAX of Linux): what is longer cannot be checked out by anybody."""

_QUOTED = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_FIRST_PRINTABLE, _DELETE = 0x20, 0x7F
# What HFS+ leaves out when it compares names (git's utf8.c and Apple's TN1150 name the same code points).
_IGNORED_BY_HFS = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)
_SHORT_NAME = re.compile(r"([^~]{1,6})~([1-9][0-9]*)")
_SHORT_LENGTH = 8
# Per name of git's own: its kind, the beginning of its short name, and the hashed one that NTFS falls back to.
_OWN_NAMES: tuple[tuple[str, IrregularKind, str, str], ...] = (
    (".gitmodules", "gitmodules", "gitmod", "gi7eba"),
    (".gitattributes", "gitattributes", "gitatt", "gi7d29"),
)
_FEW = 4  # the fifth file of one beginning gets the hashed short name


def shown(path: bytes) -> str:
    """The path as text; C-quoted as git does (git-config(1), core.quotePath) where it is not UTF-8."""
    try:
        return path.decode("utf-8")
    except UnicodeDecodeError:
        return '"' + "".join(_quote(byte) for byte in path) + '"'


def oddities(name: bytes) -> tuple[Oddity, ...]:
    """Everything that is irregular about one name of one tree, `.gitmodules` and `.gitattributes` included."""
    if len(name) > LONGEST_NAME:  # and is not remembered: it may be megabytes
        return (("bad_name", f"longer than {LONGEST_NAME} bytes"),)
    return _oddities(name)


@lru_cache(maxsize=16384)
def _oddities(name: bytes) -> tuple[Oddity, ...]:
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        return (("not_utf8", "not UTF-8"), *_bad(name, name.decode("utf-8", "replace")))
    return (*_bad(name, text), *_own(text))


def _bad(name: bytes, text: str) -> tuple[Oddity, ...]:
    found = [why for why, holds in _bad_names(name, text) if holds]
    return tuple(("bad_name", why) for why in found)


def _bad_names(name: bytes, text: str) -> tuple[tuple[str, bool], ...]:
    return (
        ("an empty name", not name),
        ("the name of a folder itself", name in {b".", b".."}),
        ("a slash in a name", b"/" in name),
        ("a backslash in a name", b"\\" in name),
        ("control characters", any(byte < _FIRST_PRINTABLE or byte == _DELETE for byte in name)),
        ("invisible characters", any(_is_invisible(each) for each in text if not each.isascii())),
        ("ends in a dot or blank", name not in {b".", b".."} and name.endswith((b".", b" "))),
        ("the name of git's own folder", _is_own_folder(text)),
    )


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}


def _is_own_folder(text: str) -> bool:
    return ".git" in {_by_hfs(text), _by_ntfs(text)} or _by_ntfs(text) == "git~1"


def _own(text: str) -> tuple[Oddity, ...]:
    for own, kind, beginning, hashed in _OWN_NAMES:
        if text == own:
            return ((kind, ""),)
        if own in {_by_hfs(text), _by_ntfs(text)} or _is_short(_by_ntfs(text), beginning, hashed):
            return ((kind, "by another spelling"),)
    return ()


def _by_hfs(text: str) -> str:
    return fold(text.translate(_IGNORED_BY_HFS))


def _by_ntfs(text: str) -> str:
    # A stream's name follows a colon, a backslash ends a name, dots and blanks at the end do not count.
    return re.split(r"[:\\]", text, maxsplit=1)[0].rstrip(". ").lower()


def _is_short(name: str, beginning: str, hashed: str) -> bool:
    found = _SHORT_NAME.fullmatch(name)
    if found is None:
        return False
    if found[1] == beginning:
        return int(found[2]) <= _FEW
    return len(name) == _SHORT_LENGTH and hashed.startswith(found[1])


def _quote(byte: int) -> str:
    if byte in _QUOTED:
        return _QUOTED[byte]
    return chr(byte) if _FIRST_PRINTABLE <= byte < _DELETE else f"\\{byte:03o}"
