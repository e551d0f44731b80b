"""What `doorless doctor` says of credentials: each service's one is there, and none is so short that it can be guessed.

Reads the secrets as the gateway does, and tells nothing of them but their names.
"""

from collections.abc import Iterable, Mapping

from doorless.finding import Finding, fail, ok, warn
from doorless.home import Home

_LEAST_LENGTH = 16
_LEAST_DISTINCT = 8
"""Different characters in a secret. Sixteen random hexadecimal digits have fewer once in ten thousand."""


def check_credentials(home: Home) -> Finding:
    """One finding on all credentials of a home."""
    from gateway.credentials import CredentialsInvalid, load_credentials

    try:
        credentials = load_credentials(home.credentials)
    except CredentialsInvalid as error:
        return warn("credentials", str(error), "mend it: the gateway does not start with it")
    missing = [
        f"service {service} names {name}"
        for service, name in _named(home).items()
        if name not in credentials.names()
    ]
    if missing:
        remedy = f"add them to {home.credentials}, or mend `credential:` in services.yaml; until then each call is refused"
        return fail("credentials", f"not configured: {'; '.join(missing)}", remedy)
    weak = [secret.reference for secret in credentials.secrets() if _is_weak(secret.value.reveal())]
    if weak:
        return warn(
            "credentials", f"easily guessed: {', '.join(weak)}", "ask the service for a longer, random key"
        )
    return ok("credentials", _count(credentials.secrets()))


def _named(home: Home) -> Mapping[str, str]:
    """The credential that each service names; nothing where the policies cannot be read, which is said elsewhere."""
    from decision.config import load_policies
    from decision.yaml_source import ConfigErrors

    try:
        services = load_policies(home.policies).catalogue.services
    except ConfigErrors:
        return {}
    return {name: service.credential for name, service in services.items() if service.credential}


def _is_weak(secret: str) -> bool:
    return len(secret) < _LEAST_LENGTH or len(set(secret)) < _LEAST_DISTINCT


def _count(secrets: Iterable[object]) -> str:
    number = len(tuple(secrets))
    return f"{number} static one{'' if number == 1 else 's'}, and every service has its own"
