"""A juror, as it runs in its room: asks one model through the gateway, with its vendor's own client library.

A program of its own that imports nothing of ours: these libraries are in an environment apart. It holds no key; the
gateway adds it. Answers each question with one line of JSON and judges nothing of what the model says.
"""

# These libraries are in the environment of the clients alone.
# mypy: disable-error-code="import-not-found"

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NO_KEY = "none"
TOLD = "juror.json"
"""Which model it asks, beside this program."""
BELL = "bell"
"""A pipe: each line of it is the number of a question, which is the file NUMBER.json beside this program."""
LONGEST_ANSWER = 64 * 1024
"""Characters; a model that says more rambles, and is cut."""


class Said:
    """What a model says, piece by piece, and what its provider counts."""

    def __init__(self) -> None:
        self.text = ""
        self.input_tokens = 0
        self.output_tokens = 0
        self.refused = False
        self.finished = False
        """Whether the model came to an end: some libraries take a stream that breaks off for a whole one."""

    def add(self, piece: str | None) -> bool:
        """Keep a piece; False where enough was said."""
        self.text += piece or ""
        self.finished |= len(self.text) >= LONGEST_ANSWER
        return len(self.text) < LONGEST_ANSWER

    def count(self, input_tokens: int | None, output_tokens: int | None) -> None:
        """Keep the provider's count, where it gives one."""
        self.input_tokens = input_tokens or self.input_tokens
        self.output_tokens = output_tokens or self.output_tokens


def ask_openai(asked: dict[str, Any], url: str) -> Said:
    """Chat Completions, streamed."""
    import openai

    said = Said()
    client = openai.OpenAI(base_url=url, api_key=NO_KEY, max_retries=0, timeout=asked["seconds"])
    with client.chat.completions.create(
        model=asked["model"],
        messages=[{"role": "system", "content": asked["system"]}, {"role": "user", "content": asked["user"]}],
        max_completion_tokens=asked["tokens"],
        stream=True,
        stream_options={"include_usage": True},
    ) as stream:
        for event in stream:
            if event.usage:
                said.count(event.usage.prompt_tokens, event.usage.completion_tokens)
            for choice in event.choices:
                said.finished |= bool(choice.finish_reason)
                said.refused |= bool(choice.delta.refusal) or choice.finish_reason == "content_filter"
                if not said.add(choice.delta.content):
                    return said
    return said


def ask_anthropic(asked: dict[str, Any], url: str) -> Said:
    """Messages, streamed."""
    import anthropic

    said = Said()
    client = anthropic.Anthropic(base_url=url, api_key=NO_KEY, max_retries=0, timeout=asked["seconds"])
    with client.messages.stream(
        model=asked["model"],
        max_tokens=asked["tokens"],
        system=asked["system"],
        messages=[{"role": "user", "content": asked["user"]}],
    ) as stream:
        for piece in stream.text_stream:
            if not said.add(piece):
                return said
        final = stream.get_final_message()
    said.finished, said.refused = bool(final.stop_reason), final.stop_reason == "refusal"
    said.count(final.usage.input_tokens, final.usage.output_tokens)
    return said


def ask_gemini(asked: dict[str, Any], url: str) -> Said:
    """generateContent, streamed."""
    from google import genai
    from google.genai import types

    said = Said()
    options = types.HttpOptions(base_url=url, timeout=int(asked["seconds"] * 1000))
    with genai.Client(api_key=NO_KEY, http_options=options) as client:
        told = types.GenerateContentConfig(
            system_instruction=asked["system"], max_output_tokens=asked["tokens"]
        )
        for event in client.models.generate_content_stream(
            model=asked["model"], contents=asked["user"], config=told
        ):
            if event.usage_metadata:
                usage = event.usage_metadata
                said.count(usage.prompt_token_count, usage.candidates_token_count)
            said.finished |= any(each.finish_reason for each in event.candidates or ())
            said.refused |= _gemini_refuses(event)
            if not said.add(event.text):
                return said
    return said


def _gemini_refuses(event: Any) -> bool:
    blocked = event.prompt_feedback and event.prompt_feedback.block_reason
    reasons = [str(each.finish_reason) for each in event.candidates or () if each.finish_reason]
    return bool(blocked) or any("SAFETY" in reason or "PROHIBITED" in reason for reason in reasons)


ASK = {"openai": ask_openai, "anthropic": ask_anthropic, "gemini": ask_gemini}


def answered(asked: dict[str, Any], url: str) -> dict[str, Any]:
    """What the model says to one question, or why it says nothing."""
    try:
        said = ASK[asked["api"]](asked, f"{url}/{asked['service']}")
    except Exception as error:  # noqa: BLE001 - whatever a library raises, there is no answer
        timed_out = "timeout" in type(error).__name__.lower()
        return {
            "why": "timeout" if timed_out else "failed",
            "detail": f"{type(error).__name__}: {error}"[:500],
        }
    if not (said.finished or said.refused):
        return {"why": "failed", "detail": "the answer broke off"}
    if said.refused:
        return {"why": "refused", "detail": said.text[:500]}
    return {"text": said.text, "input_tokens": said.input_tokens, "output_tokens": said.output_tokens}


def main() -> Iterator[dict[str, Any]]:
    """Answer every question, one after another, until whoever asks ends the room."""
    here, url = Path(__file__).parent, os.environ["DOORLESS_URL"]
    told = json.loads((here / TOLD).read_text(encoding="utf-8"))
    with (here / BELL).open(encoding="ascii") as bell:
        for line in bell:
            question = json.loads((here / f"{int(line)}.json").read_text(encoding="utf-8"))
            yield {"number": int(line), **answered({**told, **question}, url)}


if __name__ == "__main__":
    for line in main():
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
