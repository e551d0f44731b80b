from pathlib import Path

import yaml

from bench.home import FORGE, ROLE, Ports, make_home, roles, services
from decision.config import load_policies

PORTS = Ports(issuer=41001, upstream=41002, events=41003, relay=41004, direct=41005, forge=41006)


def test_the_home_is_a_users_home_with_more_in_it(tmp_path: Path) -> None:
    """What `doorless init` ships stays; one role and two services join it, and it all loads."""
    home = tmp_path / "h"
    make_home(home, PORTS)
    configuration = load_policies(home / "policies")
    assert {"crash-reporting", "telemetry", "items", "feed"} <= configuration.catalogue.services.keys()
    items = configuration.catalogue.services["items"]
    assert (items.upstream.port, items.credential) == (PORTS.upstream, "workflow-jwt")
    settings = yaml.safe_load((home / "doorless.yaml").read_text(encoding="utf-8"))
    assert settings["issuer"] == {"listen": "127.0.0.1:41001", "url": "http://127.0.0.1:41001"}


def test_every_call_of_the_benchmark_carries_our_token() -> None:
    """Both services take the workflow's token, and git's the forge's: what is measured includes the injection."""
    credentials = {name: service.get("credential") for name, service in services(PORTS).items()}
    assert credentials == {"items": "workflow-jwt", "feed": "workflow-jwt", FORGE: "forge-git"}
    assert services(PORTS)[FORGE]["git"]["credential"] == "forge-git"
    assert set(roles()[ROLE]["services"]) == services(PORTS).keys()
