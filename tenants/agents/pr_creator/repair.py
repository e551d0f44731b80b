"""What might mend a function that fails on an empty argument: a guard at its beginning; pure.

Candidates only: which of them is a fix is found out by trying, never by believing.
"""

import ast
from collections.abc import Iterator, Sequence
from typing import Any

_ANSWERS = ("0", "None", "[]")


def candidates(source: str, function: str, arguments: Sequence[Any]) -> Iterator[str]:
    """The source with a guard for each parameter that was empty in the crash; none where there is no such function."""
    found = next(
        (
            node
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef) and node.name == function
        ),
        None,
    )
    if found is None:
        return
    first = found.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(found.body) > 1
    place = found.body[1] if documented else first
    lines = source.splitlines(keepends=True)
    indent = " " * place.col_offset
    for parameter, argument in zip(found.args.args, arguments, strict=False):
        for answer in _ANSWERS if not argument else ():
            guard = f"{indent}if not {parameter.arg}:\n{indent}    return {answer}\n"
            yield "".join((*lines[: place.lineno - 1], guard, *lines[place.lineno - 1 :]))
