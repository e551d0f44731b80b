"""What a folder of policies says, for commands that read it: its configuration, or a `Problem` with every error."""

from pathlib import Path

from decision.config import Configuration, load_policies
from decision.yaml_source import ConfigErrors
from doorless.problem import Problem


def configuration_of(policies: Path) -> Configuration:
    """What the folder's files say. Raises `Problem`."""
    try:
        return load_policies(policies)
    except ConfigErrors as errors:
        raise Problem("The policies do not load.", str(errors), "Mend the named lines.") from None
