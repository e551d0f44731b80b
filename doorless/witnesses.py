"""Reads a home's witnesses.yaml: who cosigns the log's checkpoints, how many of them it takes, when their lack alarms.

A home without the file has no witness. Every error names file, line and column; nothing that does not load is written.
"""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from audit.files import replace_durably
from audit.note import COSIGNATURE, KeyMalformed, Verifier, parse_vkey
from decision.validation import Strict, validate
from decision.yaml_source import ConfigError, ConfigErrors, read_yaml
from doorless.home import Home

_NEW = """\
# Witnesses cosign the log's checkpoints, so that a log that is set back as a whole is noticed.
# quorum: so many must have cosigned a checkpoint. alarm_after_s: so long may they be missing before it is an alarm.
quorum: 1
alarm_after_s: 60
witnesses:
"""


def _cosigning_key(text: str) -> str:
    try:
        key = parse_vkey(text)
    except KeyMalformed as error:
        raise ValueError(f"not a public key: {error}") from None
    if key.type != COSIGNATURE:
        raise ValueError("the key of a log, not of a witness: a witness prints its own when it is made")
    return text


def _address(text: str) -> str:
    if not text.startswith(("unix:/", "http://", "https://")):
        raise ValueError(f"{text!r} is neither unix:/PATH nor an http(s) URL")
    return text


class WitnessEntry(Strict):
    """One witness: its public key, and where it answers."""

    key: Annotated[str, AfterValidator(_cosigning_key)]
    at: Annotated[str, AfterValidator(_address)]


class Witnesses(Strict):
    """The whole of witnesses.yaml."""

    quorum: Annotated[int, Field(ge=1)] = 1
    alarm_after_s: Annotated[int, Field(ge=1, le=86_400)] = 60
    witnesses: tuple[WitnessEntry, ...] = ()

    @model_validator(mode="after")
    def _quorum_can_be_met(self) -> Self:
        if self.witnesses and self.quorum > len(self.witnesses):
            raise ValueError(f"a quorum of {self.quorum} cannot be met by {len(self.witnesses)} witnesses")
        return self

    @property
    def keys(self) -> tuple[Verifier, ...]:
        """The public keys."""
        return tuple(parse_vkey(each.key) for each in self.witnesses)


def load_witnesses(home: Home) -> Witnesses:
    """The witnesses of a home. Raises `ConfigErrors` with all that is wrong in the file."""
    try:
        text = home.witnesses.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Witnesses()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigErrors((ConfigError(str(home.witnesses), 1, 1, f"cannot be read: {error}"),)) from None
    return _parse(home, text)


def add_witness(home: Home, key: str, at: str) -> Witnesses:
    """Add one at the end of the file, which is made if it is not there. Raises `ConfigErrors` where that does not load."""
    known = load_witnesses(home)
    if any(each.key == key for each in known.witnesses):
        return known
    text = home.witnesses.read_text(encoding="utf-8") if home.witnesses.exists() else _NEW
    text = f'{text.rstrip()}\n  - {{key: "{key}", at: "{at}"}}\n'
    added = _parse(home, text)
    replace_durably(home.witnesses, text.encode())
    return added


def _parse(home: Home, text: str) -> Witnesses:
    return validate(read_yaml(str(home.witnesses), text), Witnesses)
