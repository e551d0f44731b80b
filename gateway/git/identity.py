"""Who a workflow is in git: whom its commits name, which refs are its own, where its changes begin; pure."""

from decision.catalogue import GitSide
from decision.change import Person
from decision.narrowing import META_ROLE

MAIL_DOMAIN = "agents.doorless.local"


def identity_of(role: str, workflow: str) -> Person:
    """Whom the commits of a workflow name: the role as their name, the workflow as their address."""
    return Person(name=role, email=f"{workflow}@{MAIL_DOMAIN}")


def namespace_of(workflow: str) -> str:
    """The only refs that a workflow may push to begin so."""
    return f"refs/heads/agent/{workflow}/"


def base_of(side: GitSide, role: str) -> str:
    """The branch that a push of this role is measured against: the meta-workflow's is the first staging branch."""
    return side.staging[0] if role == META_ROLE and side.staging else side.base
