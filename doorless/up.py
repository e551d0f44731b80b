"""`doorless up`: checks everything that can be wrong before anything starts, then becomes the supervisor.

It becomes it by exec, so that the process keeps its id and gives back the memory that checking took.
"""

import os
import shutil
import sys
import time
from pathlib import Path
from typing import NoReturn

import yaml

from checks.jury.roster_file import read_roster
from decision.config import load_policies
from decision.opa_binary import OpaNotFoundError, find_opa
from decision.yaml_source import ConfigErrors
from doorless.configuration import Configuration, load_configuration
from doorless.home import Home, check_socket_paths
from doorless.problem import ExitCode, Problem
from doorless.witnesses import Witnesses, load_witnesses


def run_up(home: Home) -> NoReturn:
    """Check the home and become its supervisor. Raises `Problem` before anything is started."""
    began = time.time()
    check_socket_paths(home)
    configuration, witnesses = _checked(home)
    opa, setpriv = _programs()
    home.run.mkdir(mode=0o700, exist_ok=True)
    home.bundles.mkdir(mode=0o700, exist_ok=True)
    _write_resource_servers(home, configuration)
    flags = {
        "home": home.root,
        "issuer-listen": configuration.issuer.listen,
        "issuer-url": configuration.issuer.url,
        "credentials": home.root / configuration.credentials,
        "opa": opa,
        "setpriv": setpriv,
        "began": began,
    }
    words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    words += _witness_words(witnesses)
    if configuration.bots is not None:
        words += ["--bots-listen", configuration.bots.listen]
    if configuration.approvals_socket is not None:
        beside = configuration.approvals_socket
        words += ["--approvals-socket", beside.path, "--approvals-group", beside.group]
    if configuration.webhook is not None:
        secret = home.root / configuration.webhook.secret
        words += ["--webhook", configuration.webhook.url, "--webhook-secret", str(secret)]
    if configuration.meta_workflow is not None:
        asked = configuration.meta_workflow
        words += ["--log-listen", asked.log, "--policy-tools-listen", asked.policy_tools]
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "doorless.supervisor", *words])  # noqa: S606


def _checked(home: Home) -> tuple[Configuration, Witnesses]:
    """The configuration, when all files are sound: nothing starts on a policy that cannot be read."""
    try:
        configuration = load_configuration(home)
        witnesses = load_witnesses(home)
        load_policies(home.policies)
        if home.jury.exists():
            read_roster(home.jury)
    except ConfigErrors as errors:
        raise not_sound(errors) from None
    return configuration, witnesses


def _witness_words(witnesses: Witnesses) -> list[str]:
    named = [word for each in witnesses.witnesses for word in ("--witness", f"{each.key}={each.at}")]
    return ["--quorum", str(witnesses.quorum), "--alarm-after-s", str(witnesses.alarm_after_s), *named]


def not_sound(errors: ConfigErrors) -> Problem:
    """The problem that a configuration with errors is: each with its file, line and column."""
    return Problem(
        "The configuration is not sound, so nothing was started.",
        "\n".join(map(str, errors.errors)),
        "Mend the named lines; `doorless policy check` tells whether the policies are right.",
        ExitCode.USAGE,
    )


def _programs() -> tuple[Path, str]:
    try:
        opa = find_opa(os.environ)
    except OpaNotFoundError as error:
        raise Problem(
            "No usable OPA was found.", str(error), "`doorless doctor` checks again.", ExitCode.USAGE
        ) from None
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise Problem(
            "The program setpriv is missing.",
            "It makes sure that no part outlives its supervisor.",
            "Install the package util-linux (`apt-get install util-linux`).",
        )
    return opa, setpriv


def _write_resource_servers(home: Home, configuration: Configuration) -> None:
    servers = {audience: str(home.root / file) for audience, file in configuration.resource_servers.items()}
    fresh = home.resource_servers.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(yaml.safe_dump(servers), encoding="utf-8")
    fresh.replace(home.resource_servers)
