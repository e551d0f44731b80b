"""The issuer's introspection as a service asks it (RFC 7662)."""

import httpx

from proof.world import World


async def is_active(world: World, token: str) -> bool:
    """Whether the issuer says that a token counts now, to the service that gets such tokens."""
    layout = world.layout
    secret = layout.jwt_secret.read_text(encoding="ascii").strip()
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        answer = await client.post(
            f"{layout.issuer_url}/introspect", data={"token": token}, auth=(layout.jwt_service, secret)
        )
    return answer.is_success and bool(answer.json()["active"])
