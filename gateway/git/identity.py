"""Who a workflow is in git: whom its commits name, and which refs are its own; pure."""

from decision.change import Person

MAIL_DOMAIN = "agents.doorless.local"


def identity_of(role: str, workflow: str) -> Person:
    """Whom the commits of a workflow name: the role as their name, the workflow as their address."""
    return Person(name=role, email=f"{workflow}@{MAIL_DOMAIN}")


def namespace_of(workflow: str) -> str:
    """The only refs that a workflow may push to begin so."""
    return f"refs/heads/agent/{workflow}/"
