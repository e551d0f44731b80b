"""What the OpenAI client shows of each refusal."""

# These libraries are in the environment of the clients alone.
# mypy: disable-error-code="import-not-found"

import os

import openai
from showing import show

URL = os.environ["DOORLESS_URL"]
client = openai.OpenAI(base_url=f"{URL}/openai", api_key="none")
unready = openai.OpenAI(base_url=f"{URL}/openai-unready", api_key="none")
down = openai.OpenAI(base_url=f"{URL}/openai-down", api_key="none")
TALK = [{"role": "user", "content": "hello"}]

show(
    {
        "allowed": client.models.list,
        "action": lambda: client.chat.completions.create(model="m", messages=TALK),
        "stream": lambda: list(client.chat.completions.create(model="m", messages=TALK, stream=True)),
        "data": client.files.list,
        "hold": lambda: client.files.delete("one"),
        "large": lambda: client.responses.create(model="m", input="x" * 400),
        "absent": lambda: client.embeddings.create(model="m", input="x"),
        "unready": unready.models.list,
        "down": down.models.list,
    }
)
