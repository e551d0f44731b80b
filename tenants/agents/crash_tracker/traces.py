"""Stack traces taken apart: language by language, to an exception and normalised frames.

Pure. What differs between two strikes of one bug is dropped: addresses, line numbers, ids, build hashes, install
prefixes, numbers of lambdas and generated classes. Promise: any text gives a `Crash`, at worst without frames.
"""

import re
from collections.abc import Callable, Mapping

from tenants.agents.crash_tracker.model import Crash, Frame, Kind

_NUMBERS = re.compile(r"0x[0-9a-fA-F]+|[0-9]+")
_WRAPPER = re.compile(
    r"(?:middlewares?|decorators?|interceptors?|filters?)\.\w+$"
)  # wraps every call: tells nothing

_PYTHON_FRAME = re.compile(r'  File "(.+)", line [0-9]+, in (.+)')
_PYTHON_LIBRARY = re.compile(r"/(?:site|dist)-packages/|/lib/python3[.0-9]*/|^<")
_PYTHON_ENTRY = re.compile(r"-packages/(?:flask|django|starlette|celery|gunicorn|rq)/")

_JAVA_FRAME = re.compile(r"\s+at (?:[\w.@-]*/)*([\w.$<>/-]+)\(([^)]*)\)")
_JAVA_GENERATED = re.compile(r"\$\$(?:SpringCGLIB|EnhancerBy\w*)|\$Proxy[0-9]|GeneratedMethodAccessor")
_JAVA_LIBRARY = re.compile(
    r"(?:javax?|jdk|sun|jakarta|kotlin|scala|org\.springframework|org\.apache|org\.hibernate)\."
)
_JAVA_ENTRY = re.compile(
    r"java\.lang\.Thread\.run|java\.util\.concurrent\.(?:ThreadPoolExecutor|FutureTask)|jdk\.internal\.reflect\."
    r"|org\.springframework\.(?:web|kafka|aop|scheduling)\.|org\.apache\.catalina\."
)

_JAVASCRIPT_FRAME = re.compile(r"\s+at (?:async )?(?:(.+?) \()?(.+?)\)?$")
_JAVASCRIPT_POSITION = re.compile(r"(?:\?[^:)]*)?(?::[0-9]+)*$")
_JAVASCRIPT_HASH = re.compile(r"\.[0-9a-f]{6,}(?=\.)")
_JAVASCRIPT_LIBRARY = re.compile(r"^<anonymous>$|^native|^node:|/node_modules/|/(?:vendor|runtime)\.")
_JAVASCRIPT_ENTRY = re.compile(r"/node_modules/react-dom/|/vendor\.|^node:internal/process")

_GO_FUNCTION = re.compile(r"(.*?)\((?:\.\.\.|[^()]*)\)$")
_GO_CLOSURE = re.compile(r"\.func[0-9]+(?:\.[0-9]+)*")
_GO_FILE = re.compile(r"\t(.+):[0-9]+(?: \+0x[0-9a-f]+)?$")
_GO_LIBRARY = re.compile(r"^/usr/(?:local/)?(?:lib/)?go|/pkg/mod/|/vendor/")
_GO_ENTRY = re.compile(r"^(?:net/http\.\(|net/http\.Handler|golang\.org/x/sync/errgroup\.|created by )")


def take_apart(language: str, stack_trace: str) -> Crash:
    """Return what the trace says; a language unknown here gives its first line and no frames."""
    reader = _READERS.get(language, _unknown)
    crash = reader(stack_trace.splitlines())
    return Crash(crash.exception or "unknown exception", _without_repeats(crash.frames))


def _python(lines: list[str]) -> Crash:
    # Of chained exceptions the last traceback is the one that ended the program.
    starts = [
        index for index, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")
    ]
    block = lines[starts[-1] + 1 :] if starts else lines
    frames: list[Frame] = []
    exception = ""
    for line in block:
        if match := _PYTHON_FRAME.fullmatch(line):
            frames.append(_frame(match[2], match[1], _kind(match[1], _PYTHON_LIBRARY, _PYTHON_ENTRY)))
        elif line and not line[0].isspace() and not exception:
            exception = line.partition(":")[0]
    return Crash(exception, tuple(reversed(frames)))


def _java(lines: list[str]) -> Crash:
    # The innermost cause comes last; frames that it shares with its wrapper are printed only there ("... 9 more").
    blocks: list[tuple[str, list[Frame]]] = []
    for line in lines:
        if match := _JAVA_FRAME.fullmatch(line):
            if blocks:
                blocks[-1][1].append(_java_frame(match[1], match[2]))
        elif line and not line[0].isspace():
            blocks.append((line.removeprefix("Caused by: ").partition(":")[0], []))
    frames = [frame for _, block in reversed(blocks) for frame in block]
    return Crash(blocks[-1][0] if blocks else "", tuple(dict.fromkeys(frames)))


def _java_frame(method: str, source: str) -> Frame:
    generated = _JAVA_GENERATED.search(method) is not None
    kind = _kind(method, _JAVA_LIBRARY, _JAVA_ENTRY, at_start=True)
    name = re.sub(r"\$\$Lambda[^.]*", "$$Lambda", method)
    name = re.sub(r"(lambda\$\w+)\$[0-9]+", r"\1", name)
    name = re.sub(r"(\$\$\w+?\$\$|GeneratedMethodAccessor)[0-9a-f]+", r"\1", name)
    place = source.partition(":")[0]
    return Frame(place, name, "library" if generated and kind == "own" else kind)


def _javascript(lines: list[str]) -> Crash:
    frames: list[Frame] = []
    for line in lines:
        if match := _JAVASCRIPT_FRAME.fullmatch(line):
            kind = _kind(match[2], _JAVASCRIPT_LIBRARY, _JAVASCRIPT_ENTRY)
            path = _JAVASCRIPT_HASH.sub("", _JAVASCRIPT_POSITION.sub("", match[2]))
            frames.append(_frame(match[1] or "<anonymous>", path, kind))
    return Crash(lines[0].partition(":")[0] if lines else "", tuple(frames))


def _go(lines: list[str]) -> Crash:
    heads = [line for line in lines if line.startswith(("panic: ", "fatal error: "))]
    exception = _NUMBERS.sub("N", heads[0].removesuffix(" [recovered]")) if heads else ""
    frames: list[Frame] = []
    function = ""
    for line in lines:
        if match := _GO_FILE.fullmatch(line):
            if function:
                kind: Kind = "entry" if _GO_ENTRY.match(function) else _kind(match[1], _GO_LIBRARY, _GO_ENTRY)
                frames.append(_frame(_GO_CLOSURE.sub(".func", function), match[1], kind))
            function = ""
        elif line.startswith("created by "):
            function = line.partition(" in goroutine ")[0]
        elif match := _GO_FUNCTION.fullmatch(line):
            function = match[1]
    return Crash(exception, tuple(frames))


def _unknown(lines: list[str]) -> Crash:
    return Crash(_NUMBERS.sub("N", lines[0])[:200] if lines else "", ())


_READERS: Mapping[str, Callable[[list[str]], Crash]] = {
    "python": _python,
    "java": _java,
    "javascript": _javascript,
    "go": _go,
}


def _kind(text: str, library: re.Pattern[str], entry: re.Pattern[str], *, at_start: bool = False) -> Kind:
    if entry.match(text) if at_start else entry.search(text):
        return "entry"
    if library.match(text) if at_start else library.search(text):
        return "library"
    return "own"


def _frame(function: str, path: str, kind: Kind) -> Frame:
    """Keep the last folder and the file: what lies above differs from machine to machine."""
    parts = [part for part in path.split("/") if part]
    shown = parts[-1:] if "://" in path else parts[-2:]
    place = "/".join(shown)
    return Frame(place, function, "library" if kind == "own" and _WRAPPER.search(place) else kind)


def _without_repeats(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """Fold direct recursion to one frame: its depth differs from strike to strike."""
    return tuple(frame for index, frame in enumerate(frames) if not index or frame != frames[index - 1])
