"""The shipped catalogue and roles before a real forge, and real forge clients in real rooms before that."""

from doorless.demo.forge import pointed_at
from tests.clients.rig import ClientRig
from tests.gateway.git.rig import GitRig
from tests.gateway.rig import REPOSITORY

CREDENTIALS = """
credentials:
  forge-git: {file: static-key, as: basic, name: x-access-token}
  forge-people: {file: static-key, as: header, name: Authorization, prefix: "Bearer "}
  forge-api: {file: static-key, as: header, name: Authorization, prefix: "Bearer "}
"""


class ForgeRig(GitRig, ClientRig):
    """A gateway with the policies as they are shipped; only the forge is ours."""

    def _write_policy(self) -> None:
        shipped = REPOSITORY / "policies"
        # What a jury has to say of a pull request is no client's business.
        services = (shipped / "services.yaml").read_text().replace(", output: create-pr", "")
        (self.policies / "services.yaml").write_text(
            pointed_at(services, f"http://127.0.0.1:{self.forge_port}")
        )
        (self.policies / "roles.yaml").write_text((shipped / "roles.yaml").read_text())
        (self.home / "credentials.yaml").write_text(CREDENTIALS)

    def tokens(self, workflow: str, role: str = "pr-creator", ttl_s: int = 300) -> list[str]:
        """Tokens for all that a shipped role may do."""
        return ClientRig.tokens(self, workflow, role, ttl_s)
