"""What the Google GenAI client shows of each refusal."""

# These libraries are in the environment of the clients alone.
# mypy: disable-error-code="import-not-found"

import os

from google import genai
from google.genai import types
from showing import show

URL = os.environ["DOORLESS_URL"]


def client_of(service: str) -> genai.Client:
    """A client that calls one service of the gateway."""
    return genai.Client(api_key="none", http_options=types.HttpOptions(base_url=f"{URL}/{service}"))


client = client_of("gemini")
unready = client_of("gemini-unready")

show(
    {
        "allowed": lambda: client.models.get(model="m"),
        "action": lambda: client.models.generate_content(model="plain", contents="hello"),
        "data": lambda: list(client.files.list()),
        "hold": lambda: client.files.delete(name="one"),
        "large": lambda: client.models.count_tokens(model="plain", contents="x" * 400),
        "absent": lambda: list(client.caches.list()),
        "unready": lambda: unready.models.get(model="m"),
    }
)
