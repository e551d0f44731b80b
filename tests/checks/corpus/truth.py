"""What is true of a row's files, from what was put into its commits: git is not asked. For lines of ordinary commits."""

from collections.abc import Iterator, Mapping

from tests.checks.corpus.build import Built, Files, Made
from tests.checks.corpus.rows import raw

Named = set[tuple[str, str]]


def shown(path: bytes) -> str:
    """As git quotes what is not UTF-8 (core.quotePath, with the one escape that the corpus needs)."""
    try:
        return path.decode("utf-8")
    except UnicodeDecodeError:
        return '"' + "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}" for byte in path) + '"'


def files_of(built: Built) -> Named | None:
    """Change and path of every file of the final diff; None where nobody knows."""
    if built.row.files is not None:
        return {_split(text) for text in built.row.files}
    if not _is_line(built):
        return None
    return {(_change(old, new), shown(path)) for path, old, new in _differences(_start(built), _end(built))}


def touched_of(built: Built) -> Named | None:
    """Mode and path of what is touched on the way and not in the end; None where nobody knows."""
    if built.row.touched is not None:
        return {_split(text) for text in built.row.touched}
    if built.row.files is not None or not _is_line(built):
        return None
    final = {(new, path) for path, _, new in _differences(_start(built), _end(built))}
    on_the_way = {
        (new, path)
        for step in built.steps
        for path, _, new in _differences(step.parents[0].files, step.files)
    }
    return {(mode, shown(path)) for mode, path in on_the_way - final}


def commits_of(built: Built) -> set[str]:
    """The commits that the head reaches and the base does not."""
    base = next((made for made in built.made.values() if made.id == built.change.base), None)
    head = built.made["head"] if any(update.new.strip("0") for update in built.change.updates) else None
    return _reached(head) - _reached(base)


def irregular_of(built: Built) -> Named:
    """Kind and path of everything irregular."""
    texts = built.row.irregular
    for label, made in built.made.items():
        texts = tuple(text.replace(f"<{label}>", made.id) for text in texts)
    return {_split(text) for text in texts}


def _reached(made: Made | None) -> set[str]:
    return {made.id}.union(*map(_reached, made.parents)) if made else set()


def _split(text: str) -> tuple[str, str]:
    first, _, path = text.partition(" ")
    return first, shown(raw(path))


def _is_line(built: Built) -> bool:
    before: Made = built.made["base"]
    if not before.ordinary:
        return False
    for step in built.steps:
        if not step.ordinary or step.parents != (before,):
            return False
        before = step
    return built.made["head"] is before


def _start(built: Built) -> Files:
    return built.made["base"].files


def _end(built: Built) -> Files:
    return built.made["head"].files


def _differences(old: Files, new: Files) -> Iterator[tuple[bytes, str, str]]:
    """Path, old mode, new mode of every file that differs."""
    for path in old.keys() | new.keys():
        if old.get(path) != new.get(path) and not path.endswith(b"/"):
            yield path, _mode(old, path), _mode(new, path)


def _mode(files: Mapping[bytes, tuple[bytes, str]], path: bytes) -> str:
    return files[path][0].decode() if path in files else ""


def _change(old: str, new: str) -> str:
    if not old:
        return "add"
    if not new:
        return "delete"
    return "modify" if old[:2] == new[:2] else "type"
