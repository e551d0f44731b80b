"""What the demo changes in its home: services lead to its own, a few roles more, and a jury of stand-ins."""

from doorless.demo import forge
from doorless.demo.programs import REPOSITORY, free_port
from doorless.demo.services import Addresses
from doorless.home import Home
from doorless.problem import Problem

MORE_ROLES = """
  # One that may ask often: two chapters need a stream of requests.
  dashboard:
    services: [crash-reporting]
    actions: [read]
    data: [crash-reports, stack-traces]
    limits: { max_requests_per_min: 100000 }

  # As telemetry-analyzer, whose minute may be used up when its report is due.
  reporter:
    services: [telemetry]
    actions: [read]
    data: [telemetry]

  # The same, and it may wake people.
  watcher:
    services: [telemetry, alerts]
    actions: [read, alert]
    data: [telemetry, alerts]
"""

JURY = """\
# Three jurors behind stand-ins: two read carefully by rule, one does what it reads.
libraries: {libraries}
jurors:
  first:  {{ api: openai,    service: openai,    model: careful }}
  second: {{ api: anthropic, service: anthropic, model: careful }}
  third:  {{ api: gemini,    service: gemini,    model: obedient }}
budget:   {{ seconds: 100, answer_seconds: 40 }}
"""
LIBRARIES = REPOSITORY / ".cache" / "models"
"""The vendors' client libraries, which the set-up provides."""


def configure(home: Home, at: Addresses) -> None:
    """Write it. Raises `Problem` where the libraries of the jury are not there."""
    if not LIBRARIES.exists():
        raise Problem(
            "The demo was not started.",
            f"Its jurors need the client libraries of model providers, and {LIBRARIES} is not there.",
            "Run `make setup` in a checkout; then `doorless demo` there.",
        )
    services = home.policies / "services.yaml"
    text = services.read_text()
    for port, real in (("8401", at.crash), ("8402", at.telemetry), ("8406", at.alerts)):
        text = text.replace(f"http://127.0.0.1:{port}", real)
    for world, path in _PROVIDERS.items():
        text = text.replace(
            f"upstream: {world}\n", f"upstream: {at.models}{path}\n    allow_loopback: true\n"
        )
    log, tools = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    for shipped, ours in (("127.0.0.1:8404", log), ("127.0.0.1:8405", tools)):
        text = text.replace(shipped, ours)
    services.write_text(forge.pointed_at(text, at.forge))
    with home.configuration.open("a") as file:
        file.write(f'meta_workflow: {{ log: "{log}", policy_tools: "{tools}" }}\n')
    roles = home.policies / "roles.yaml"
    roles.write_text(roles.read_text().rstrip("\n") + "\n" + MORE_ROLES + forge.MORE_ROLES)
    home.jury.write_text(JURY.format(libraries=LIBRARIES.resolve()))


_PROVIDERS = {
    "https://api.openai.com/v1": "/openai/v1",
    "https://api.anthropic.com": "/anthropic",
    "https://generativelanguage.googleapis.com": "/gemini",
}
"""Where services.yaml ships the providers, and below which path the stand-ins speak like them."""
