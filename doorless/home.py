"""Where everything of one home lies; pure. The only module that knows the layout.

A home is a folder of its own with a `doorless.yaml`. Everything secret lies in folders with mode 0700.
"""

from dataclasses import dataclass
from pathlib import Path

from doorless.problem import Problem

LONGEST_SOCKET_PATH = 107
"""Bytes of a unix socket's path that Linux takes (`sun_path` without its closing zero, unix(7))."""
_LONGEST_IN_RUN = "ch/wf-aaaaaaaaaaaaaaaaaaaa/gw.sock"


@dataclass(frozen=True, slots=True)
class Home:
    """The layout of one home below `root` (absolute)."""

    root: Path

    @property
    def configuration(self) -> Path:
        """What the operator sets."""
        return self.root / "doorless.yaml"

    @property
    def credentials(self) -> Path:
        """Which secret goes to which upstream, by reference."""
        return self.root / "credentials.yaml"

    @property
    def witnesses(self) -> Path:
        """Who cosigns the log's checkpoints; a home without this file has no witness."""
        return self.root / "witnesses.yaml"

    @property
    def policies(self) -> Path:
        """The policy tree that decides, the operator's own copy."""
        return self.root / "policies"

    @property
    def bundles(self) -> Path:
        """Every policy that was ever current, by digest."""
        return self.root / "bundles"

    @property
    def keys(self) -> Path:
        """The issuer's signing keys."""
        return self.root / "keys"

    @property
    def secrets(self) -> Path:
        """Secrets of the gateway and of resource servers, one file each."""
        return self.root / "secrets"

    @property
    def log(self) -> Path:
        """The audit log."""
        return self.root / "log"

    @property
    def log_key(self) -> Path:
        """The private key that signs the log's checkpoints."""
        return self.root / "log-key"

    @property
    def log_signed(self) -> Path:
        """The last checkpoint that was signed, apart from the log: what shows that a log was set back."""
        return self.root / "log-signed"

    @property
    def log_index(self) -> Path:
        """Where in the log each entry stands; made from the log, and made again where it is missing."""
        return self.root / "index" / "log.sqlite"

    @property
    def git(self) -> Path:
        """Mirrors of repositories that agents push to, and pushes that wait for their decision."""
        return self.root / "git"

    @property
    def checks_cache(self) -> Path:
        """What checks remember of commits that they saw; may be removed."""
        return self.root / "cache" / "checks"

    @property
    def jury(self) -> Path:
        """Who judges what agents produce; a home without this file has no jury."""
        return self.root / "jury.yaml"

    @property
    def check_key(self) -> Path:
        """The private key that signs what checks found out about changes; made when it is first needed."""
        return self.root / "check-key"

    @property
    def run(self) -> Path:
        """Sockets and the lock; empty when nothing runs."""
        return self.root / "run"

    @property
    def lock(self) -> Path:
        """Held by the supervisor while it runs."""
        return self.run / "lock"

    @property
    def audit_socket(self) -> Path:
        """The audit writer listens here."""
        return self.run / "audit.sock"

    @property
    def bot_token(self) -> Path:
        """What bots show when they ask for checks; made when it is first needed."""
        return self.secrets / "bots"

    @property
    def log_reader(self) -> Path:
        """What is shown to the log service by whoever may read it: the gateway, for the meta-workflow."""
        return self.secrets / "log-reader"

    @property
    def policy_tools(self) -> Path:
        """What is shown to the policy tools by whoever may ask them: the gateway, for the meta-workflow."""
        return self.secrets / "policy-tools"

    @property
    def checks_socket(self) -> Path:
        """The checks answer here what a change is."""
        return self.run / "checks.sock"

    @property
    def issuer_socket(self) -> Path:
        """The issuer's control API listens here."""
        return self.run / "issuer.sock"

    @property
    def gateway_socket(self) -> Path:
        """The gateway's admin API listens here."""
        return self.run / "gateway.sock"

    @property
    def resource_servers(self) -> Path:
        """What the issuer is told about resource servers; written anew by each `doorless up`."""
        return self.run / "resource-servers.yaml"


def check_socket_paths(home: Home) -> None:
    """Refuse a home whose sockets Linux could not bind, before anything is made in it."""
    longest = len(str(home.run / _LONGEST_IN_RUN).encode("utf-8", "surrogateescape"))
    if longest > LONGEST_SOCKET_PATH:
        over = longest - LONGEST_SOCKET_PATH
        raise Problem(
            f"The path of this home is too long: {home.root}",
            f"Its longest socket path would have {longest} bytes; Linux takes {LONGEST_SOCKET_PATH}.",
            f"Choose a home whose path is at least {over} bytes shorter, for example ~/doorless or /srv/doorless.",
        )
