"""The query language: tokens to a `Query`, by recursive descent.

Pure. Promise: any text gives a `Query` or a `QueryError`. The grammar, words in quotes standing for themselves:

    query    = function "(" selector ")" ["by" "(" [name {"," name}] ")"] ["step" duration]
    function = "avg" | "min" | "max" | "sum" | "count" | "p50" | "p95" | "p99" | "rate"
    selector = metric ["{" [matcher {"," matcher}] "}"] "[" duration "]"
    matcher  = label ("=" | "!=" | "=~" | "!~") string
"""

from dataclasses import dataclass
from typing import Literal, get_args

from tenants.services.telemetry.patterns import Pattern, PatternError, read_pattern
from tenants.services.telemetry.tokenizer import Kind, QueryError, Token, tokenize

Function = Literal["avg", "min", "max", "sum", "count", "p50", "p95", "p99", "rate"]
Operator = Literal["=", "!=", "=~", "!~"]
_FUNCTIONS: dict[str, Function] = {name: name for name in get_args(Function)}
_OPERATORS: dict[str, Operator] = {name: name for name in get_args(Operator)}


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label; `pattern` is set for =~ and !~ only."""

    label: str
    operator: Operator
    text: str
    pattern: Pattern | None

    def accepts(self, value: str) -> bool:
        """Say whether a label of this value passes."""
        match self.operator:
            case "=":
                return value == self.text
            case "!=":
                return value != self.text
            case "=~" | "!~":
                assert self.pattern is not None
                return self.pattern.matches(value) is (self.operator == "=~")


@dataclass(frozen=True, slots=True)
class Query:
    """One question: the last `range_s` seconds of a metric, in buckets of `step_s`, grouped by labels.

    `step_s` equals `range_s` where the query names no step: one bucket.
    """

    function: Function
    metric: str
    matchers: tuple[Matcher, ...]
    range_s: int
    by: tuple[str, ...]
    step_s: int


def parse(text: str) -> Query:
    """Parse one query; raises QueryError."""
    parser = _Parser(tokenize(text))
    query = parser.query()
    parser.take("end", "", "`by`, `step` or the end of the query")
    return query


class _Parser:
    """A cursor over the tokens; each method takes what its grammar rule says or raises QueryError."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def query(self) -> Query:
        word = self.take("name", "", "a function: " + ", ".join(_FUNCTIONS))
        if word.text not in _FUNCTIONS:
            raise QueryError(word.position, "a function: " + ", ".join(_FUNCTIONS), word.shown())
        self.symbol("(")
        metric = self.take("name", "", "the name of a metric").text
        matchers = self._matchers()
        self.symbol("[")
        span = self._duration()
        self.symbol("]")
        self.symbol(")")
        by = self._by()
        step = self._duration() if self._skip("name", "step") else span
        if span.seconds % step.seconds:
            raise QueryError(step.position, f"a step that divides the range {span.text}", step.shown())
        return Query(_FUNCTIONS[word.text], metric, matchers, span.seconds, by, step.seconds)

    def take(self, kind: Kind, text: str, expected: str) -> Token:
        """Take one token of `kind` (and `text`, unless ""); raises QueryError naming `expected`."""
        token = self._tokens[self._next]
        if token.kind != kind or (text and token.text != text):
            raise QueryError(token.position, expected, token.shown())
        if kind != "end":
            self._next += 1
        return token

    def symbol(self, text: str) -> None:
        self.take("symbol", text, f"`{text}`")

    def _skip(self, kind: Kind, text: str) -> bool:
        token = self._tokens[self._next]
        if token.kind != kind or token.text != text:
            return False
        self._next += 1
        return True

    def _duration(self) -> Token:
        token = self.take("duration", "", "a duration such as 90s, 5m, 1h or 14d")
        if not token.seconds:
            raise QueryError(token.position, "a duration above zero", token.shown())
        return token

    def _by(self) -> tuple[str, ...]:
        if not self._skip("name", "by"):
            return ()
        self.symbol("(")
        names: list[str] = []
        while not self._skip("symbol", ")"):
            if names:
                self.take("symbol", ",", "`,` or `)`")
            name = self.take("name", "", "the name of a label")
            if name.text in names:
                raise QueryError(name.position, "each label once", name.shown())
            names.append(name.text)
        return tuple(names)

    def _matchers(self) -> tuple[Matcher, ...]:
        matchers: list[Matcher] = []
        if self._skip("symbol", "{"):
            while not self._skip("symbol", "}"):
                if matchers:
                    self.take("symbol", ",", "`,` or `}`")
                matchers.append(self._matcher())
        return tuple(matchers)

    def _matcher(self) -> Matcher:
        label = self.take("name", "", "the name of a label").text
        operator = self.take("symbol", "", "one of = != =~ !~")
        if operator.text not in _OPERATORS:
            raise QueryError(operator.position, "one of = != =~ !~", operator.shown())
        value = self.take("string", "", 'a string in "quotes"')
        pattern = None
        if operator.text in ("=~", "!~"):
            try:
                pattern = read_pattern(value.text)
            except PatternError as error:
                raise QueryError(value.position + 1 + error.offset, error.expected, value.shown()) from None
        return Matcher(label, _OPERATORS[operator.text], value.text, pattern)
