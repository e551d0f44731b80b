"""The roster as an operator writes it: who judges, behind which service, at what price, and what a question may cost.

The file is checked like every configuration: its first error names the line. It holds no key.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from checks.jury.model import Api, Budget, Juror, Price, Roster
from decision.validation import Name, Strict, validate
from decision.yaml_source import ConfigError, ConfigErrors, YamlDocument, read_yaml

_MILLION = 1_000_000
_Dollars = Annotated[float, Field(ge=0, le=100_000, strict=False)]
_Seconds = Annotated[float, Field(gt=0, le=240, strict=False)]


class _PriceEntry(Strict):
    """Dollars for a million tokens."""

    input: _Dollars
    output: _Dollars


class _JurorEntry(Strict):
    api: Api
    """The language of its service."""
    vendor: Name | None = None
    """Who made the model, where that is not who invented the language."""
    service: Name
    model: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:/-]+$")]
    role: Name = "juror"
    price: _PriceEntry | None = None


class _BudgetEntry(Strict):
    tokens: Annotated[int, Field(ge=1_000, le=100_000_000)] = 200_000
    dollars: _Dollars = 0.0
    seconds: _Seconds = 120.0
    answer_tokens: Annotated[int, Field(ge=100, le=100_000)] = 1_024
    answer_seconds: _Seconds = 45.0


def _two_at_least(jurors: dict[str, _JurorEntry]) -> dict[str, _JurorEntry]:
    if len(jurors) < 2:  # noqa: PLR2004 - one is no jury
        raise ValueError("a jury has two jurors at least")
    return jurors


def _environment(folder: str) -> str:
    if not Path(folder).is_absolute():
        raise ValueError(f"{folder!r} must be an absolute path")
    return folder


class _RosterFile(Strict):
    libraries: Annotated[str, AfterValidator(_environment)]
    """An environment that holds requirements/models.txt; it is shown to jurors, read-only."""
    jurors: Annotated[dict[Name, _JurorEntry], Field(max_length=7), AfterValidator(_two_at_least)]
    budget: _BudgetEntry = _BudgetEntry()


def read_roster(file: Path) -> Roster:
    """The roster in a file. Raises `ConfigErrors` with all that is wrong in it."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigErrors((ConfigError(str(file), 1, 1, f"cannot be read: {error}"),)) from None
    document = read_yaml(str(file), text)
    written = validate(document, _RosterFile)
    errors = [*_environment_errors(document, written), *_price_errors(document, written)]
    if errors:
        raise ConfigErrors(errors)
    return Roster(
        tuple(_juror(name, entry) for name, entry in written.jurors.items()),
        _budget(written.budget),
        written.libraries,
    )


def _environment_errors(document: YamlDocument, written: _RosterFile) -> Iterator[ConfigError]:
    if not Path(written.libraries, "bin", "python3").exists():
        message = f"{written.libraries} is no environment: there is no bin/python3 in it"
        yield document.error_at(("libraries",), message)


def _price_errors(document: YamlDocument, written: _RosterFile) -> Iterator[ConfigError]:
    if written.budget.dollars:
        message = "a budget of dollars needs the price of every juror; this one has none"
        for name, entry in written.jurors.items():
            if entry.price is None:
                yield document.error_at(("jurors", name), message, key=True)


def _juror(name: str, entry: _JurorEntry) -> Juror:
    price = Price(_micro(entry.price.input), _micro(entry.price.output)) if entry.price else Price()
    return Juror(
        name=name,
        vendor=entry.vendor or entry.api,
        api=entry.api,
        service=entry.service,
        model=entry.model,
        role=entry.role,
        price=price,
    )


def _budget(entry: _BudgetEntry) -> Budget:
    return Budget(
        tokens=entry.tokens,
        micro_dollars=_micro(entry.dollars),
        seconds=entry.seconds,
        answer_tokens=entry.answer_tokens,
        answer_seconds=entry.answer_seconds,
    )


def _micro(dollars: float) -> int:
    return int(Decimal(str(dollars)) * _MILLION)
