"""What the Anthropic client shows of each refusal."""

# These libraries are in the environment of the clients alone.
# mypy: disable-error-code="import-not-found"

import os

import anthropic
from showing import show

URL = os.environ["DOORLESS_URL"]
client = anthropic.Anthropic(base_url=f"{URL}/anthropic", api_key="none")
unready = anthropic.Anthropic(base_url=f"{URL}/anthropic-unready", api_key="none")


def talk(text: str) -> "list[dict[str, str]]":
    """A conversation of one line."""
    return [{"role": "user", "content": text}]


def stream() -> None:
    """Ask for a streamed answer and read it."""
    with client.messages.stream(model="m", max_tokens=5, messages=talk("hello")) as answer:
        answer.until_done()


show(
    {
        "allowed": lambda: client.models.retrieve("m"),
        "action": lambda: client.messages.create(model="m", max_tokens=5, messages=talk("hello")),
        "stream": stream,
        "data": client.messages.batches.list,
        "hold": lambda: client.messages.batches.delete("one"),
        "large": lambda: client.messages.count_tokens(model="m", messages=talk("x" * 400)),
        "absent": client.models.list,
        "unready": lambda: unready.models.retrieve("m"),
    }
)
