"""The signature of a message, as Standard Webhooks 1.0 says (standardwebhooks.com): what is sent is what is signed; pure."""

import base64
import hashlib
import hmac

_PREFIX = "whsec_"
_LEAST, _MOST = 24, 64


class SecretInvalid(ValueError):
    """Not a secret of this form."""


class Signer:
    """Signs with one secret, and never shows it."""

    def __init__(self, secret: str) -> None:
        """`secret` is `whsec_` and the base64 of 24 to 64 bytes. Raises `SecretInvalid`."""
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except ValueError:
            key = b""
        if not secret.startswith(_PREFIX) or not _LEAST <= len(key) <= _MOST:
            raise SecretInvalid(
                f"a webhook's secret is {_PREFIX} and the base64 of {_LEAST} to {_MOST} bytes"
            )
        self._key = key

    def headers(self, message: str, timestamp: int, body: bytes) -> dict[str, str]:
        """The three headers of a message; `timestamp` in Unix seconds, of this attempt."""
        signed = f"{message}.{timestamp}.".encode("ascii") + body
        signature = base64.b64encode(hmac.digest(self._key, signed, hashlib.sha256)).decode("ascii")
        return {
            "webhook-id": message,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": f"v1,{signature}",
        }
