"""The whole environment of an agent, made from nothing; pure.

Nothing of the caller's environment passes through here, so no credential of it can reach an agent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

URL = "http://127.0.0.1:8080"
"""The loopback forwarder inside the room."""
SOCKET = "/run/doorless/gw.sock"
"""The gateway's socket as the room shows it."""

MAIL_DOMAIN = "agents.doorless.local"
"""Of the addresses that commits name: the gateway takes no other from a workflow."""

_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")

_VARIABLE_OF_SHAPE = {
    "openai": "OPENAI_BASE_URL",
    "anthropic": "ANTHROPIC_BASE_URL",
    "github": "GITHUB_API_URL",
}


@dataclass(frozen=True, slots=True)
class Inside:
    """What differs between a room (the defaults) and a process that runs without one."""

    socket: str = SOCKET
    home: str = "/work"
    temporary: str = "/tmp"  # noqa: S108 - the room's own tmpfs


ROOM = Inside()


@dataclass(frozen=True, slots=True)
class Work:
    """The workflow as its agent is told about it."""

    workflow: str
    role: str
    task: str
    services: tuple[str, ...]
    """Services that the workflow holds a grant for: the audiences of its tokens."""
    expires_at: int
    """When the workflow ends, in Unix seconds."""
    git: Mapping[str, str] = field(default_factory=dict)
    """Services with a git side, each with the URL below which its repositories are known to the world."""


def agent_environment(
    work: Work, shapes: Mapping[str, str], programs: tuple[str, ...], inside: Inside = ROOM
) -> dict[str, str]:
    """Every variable that the agent gets.

    `shapes` gives each service's error shape, `programs` the folders that come first on PATH (the agent's
    virtual environment). A vendor's base URL is set where exactly one granted service has that vendor's shape:
    with two, choosing one would be a guess.
    """
    standard = {
        "DOORLESS_URL": URL,
        "DOORLESS_SOCKET": inside.socket,
        "DOORLESS_WORKFLOW": work.workflow,
        "DOORLESS_ROLE": work.role,
        "DOORLESS_TASK": work.task,
        "HOME": inside.home,
        "TMPDIR": inside.temporary,
        "PATH": ":".join(dict.fromkeys((*programs, *_SYSTEM_PATH))),
        "LANG": "C.UTF-8",
    }
    return standard | _base_urls(work.services, shapes) | _git(work)


def _git(work: Work) -> dict[str, str]:
    """Plain git just works: it finds every repository at the gateway, and its commits name the workflow.

    Of two services with the same repositories none is chosen: that would be a guess.
    """
    sides = {service: url for service, url in work.git.items() if service in work.services}
    if not sides:
        return {}
    urls = list(sides.values())
    settings = [
        (f"url.{URL}/{service}/git/.insteadOf", spelling)
        for service, url in sides.items()
        if urls.count(url) == 1
        for spelling in _spellings(url)
    ]
    variables = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_COUNT": str(len(settings))}
    for place, (name, value) in enumerate(settings):
        variables |= {f"GIT_CONFIG_KEY_{place}": name, f"GIT_CONFIG_VALUE_{place}": value}
    for who in ("AUTHOR", "COMMITTER"):
        variables |= {
            f"GIT_{who}_NAME": work.role,
            f"GIT_{who}_EMAIL": f"{work.workflow}@{MAIL_DOMAIN}",
        }
    return variables


def _spellings(url: str) -> tuple[str, ...]:
    """How people write the same place: forges give out addresses for SSH beside those for HTTPS."""
    host = url.removeprefix("https://")
    if host == url or "/" in host or ":" in host:
        return (f"{url}/",)
    return f"{url}/", f"git@{host}:", f"ssh://git@{host}/"


def _base_urls(services: tuple[str, ...], shapes: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for shape, variable in _VARIABLE_OF_SHAPE.items():
        of_shape = [service for service in services if shapes.get(service) == shape]
        if len(of_shape) == 1:
            found[variable] = f"{URL}/{of_shape[0]}"
    return found
