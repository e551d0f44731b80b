"""What the supervisor of the policy engine hands out and reports; values only."""

from dataclasses import dataclass

from decision.catalogue import Catalogue
from decision.config import Configuration
from decision.decider import Decider
from decision.yaml_source import ConfigError


@dataclass(frozen=True, slots=True)
class Policy:
    """One revision of the policy as it is served. Take it once for a request, and use its parts together."""

    revision: str
    configuration: Configuration
    decider: Decider

    @property
    def catalogue(self) -> Catalogue:
        """The services and routes of this revision."""
        return self.configuration.catalogue


@dataclass(frozen=True, slots=True)
class Activated:
    """The change is in force."""

    revision: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The policy folder holds what is already in force."""

    revision: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The change is not in force; what was before it still is."""

    errors: tuple[ConfigError, ...]


Reloaded = Activated | Unchanged | Refused


@dataclass(frozen=True, slots=True)
class PolicyActivated:
    """policy.activated: a revision is about to decide."""

    revision: str


@dataclass(frozen=True, slots=True)
class PolicyRefused:
    """policy.refused: a change did not come into force."""

    errors: tuple[ConfigError, ...]


@dataclass(frozen=True, slots=True)
class PdpRestarted:
    """pdp.restarted: the engine had ended or hung, and serves the same revision again."""

    revision: str
    reason: str
    attempts: int


@dataclass(frozen=True, slots=True)
class CanaryFailed:
    """pdp.canary_failed: the policy in force answered a known question wrongly."""

    revision: str
    message: str


@dataclass(frozen=True, slots=True)
class PdpClosed:
    """pdp.closed: nothing is decided until the engine is right again."""

    revision: str
    reason: str


PdpEvent = PolicyActivated | PolicyRefused | PdpRestarted | CanaryFailed | PdpClosed
