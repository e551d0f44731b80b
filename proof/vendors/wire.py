"""How three vendors' APIs put what a model says on the wire: whole and streamed, refusals and errors too; pure.

After their public references: OpenAI's Chat Completions, Anthropic's Messages, Google's generateContent.
"""

import json
from collections.abc import Iterator
from typing import Any, Protocol

from proof.vendors.minds import Saying, Shown

_PIECE = 24
"""Characters in one event of a stream."""


class Api(Protocol):
    """One vendor's API."""

    def shown(self, body: dict[str, Any]) -> Shown:
        """What a request shows to its model."""
        ...

    def whole(self, model: str, said: Saying) -> dict[str, Any]:
        """The body of an answer that is not streamed."""
        ...

    def events(self, model: str, said: Saying) -> Iterator[bytes]:
        """The events of one that is."""
        ...

    def error(self, status: int, message: str) -> dict[str, Any]:
        """The body of an error."""
        ...


class OpenAI:
    """Chat Completions."""

    def shown(self, body: dict[str, Any]) -> Shown:
        """System and user messages."""
        texts = {each["role"]: str(each["content"]) for each in body["messages"]}
        return Shown(texts.get("system", ""), texts.get("user", ""))

    def whole(self, model: str, said: Saying) -> dict[str, Any]:
        """A `chat.completion`."""
        refusal = said.manner == "refuses"
        message = {
            "role": "assistant",
            "content": None if refusal else said.text,
            "refusal": said.text if refusal else None,
        }
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return {**_completion("chat.completion", model), "choices": [choice], "usage": _openai_usage(said)}

    def events(self, model: str, said: Saying) -> Iterator[bytes]:
        """Chunks, one with the usage, and `[DONE]`."""
        key = "refusal" if said.manner == "refuses" else "content"
        yield _openai_chunk(model, {"role": "assistant", "content": ""})
        for piece in _pieces(said.text):
            yield _openai_chunk(model, {key: piece})
        yield _openai_chunk(model, {}, "stop")
        usage = {**_completion("chat.completion.chunk", model), "choices": [], "usage": _openai_usage(said)}
        yield _data(usage)
        yield b"data: [DONE]\n\n"

    def error(self, status: int, message: str) -> dict[str, Any]:
        """An error object."""
        kind = "rate_limit_error" if status == 429 else "server_error"  # noqa: PLR2004 - HTTP
        return {"error": {"message": message, "type": kind, "param": None, "code": None}}


class Anthropic:
    """Messages."""

    def shown(self, body: dict[str, Any]) -> Shown:
        """The system prompt and the user's messages."""
        texts = [str(each["content"]) for each in body["messages"] if each["role"] == "user"]
        return Shown(str(body.get("system", "")), "\n".join(texts))

    def whole(self, model: str, said: Saying) -> dict[str, Any]:
        """A `message`."""
        return {
            **_message(model),
            "content": [{"type": "text", "text": said.text}],
            "stop_reason": _stop_reason(said),
            "usage": {"input_tokens": said.input_tokens, "output_tokens": said.output_tokens},
        }

    def events(self, model: str, said: Saying) -> Iterator[bytes]:
        """Named events, from `message_start` to `message_stop`."""
        start = {**_message(model), "usage": {"input_tokens": said.input_tokens, "output_tokens": 1}}
        yield _named({"type": "message_start", "message": start})
        block = {"type": "text", "text": ""}
        yield _named({"type": "content_block_start", "index": 0, "content_block": block})
        yield _named({"type": "ping"})
        for piece in _pieces(said.text):
            delta = {"type": "text_delta", "text": piece}
            yield _named({"type": "content_block_delta", "index": 0, "delta": delta})
        yield _named({"type": "content_block_stop", "index": 0})
        ending = {"stop_reason": _stop_reason(said), "stop_sequence": None}
        usage = {"output_tokens": said.output_tokens}
        yield _named({"type": "message_delta", "delta": ending, "usage": usage})
        yield _named({"type": "message_stop"})

    def error(self, status: int, message: str) -> dict[str, Any]:
        """An error object."""
        kind = "rate_limit_error" if status == 429 else "api_error"  # noqa: PLR2004 - HTTP
        return {"type": "error", "error": {"type": kind, "message": message}}


class Gemini:
    """generateContent."""

    def shown(self, body: dict[str, Any]) -> Shown:
        """The system instruction and the contents."""
        contents = (part for each in body["contents"] for part in each["parts"])
        told = body.get("systemInstruction", {}).get("parts", ())
        return Shown(_texts(told), _texts(contents))

    def whole(self, model: str, said: Saying) -> dict[str, Any]:
        """A GenerateContentResponse."""
        reason = "SAFETY" if said.manner == "refuses" else "STOP"
        return _gemini_part(model, "" if reason == "SAFETY" else said.text, reason, _gemini_usage(said))

    def events(self, model: str, said: Saying) -> Iterator[bytes]:
        """The same in parts (`alt=sse`), the last with a reason and the usage."""
        if said.manner != "refuses":
            for piece in _pieces(said.text):
                yield _data(_gemini_part(model, piece, "", {}))
        reason = "SAFETY" if said.manner == "refuses" else "STOP"
        yield _data(_gemini_part(model, "", reason, _gemini_usage(said)))

    def error(self, status: int, message: str) -> dict[str, Any]:
        """A google.rpc.Status."""
        name = "RESOURCE_EXHAUSTED" if status == 429 else "INTERNAL"  # noqa: PLR2004 - HTTP
        return {"error": {"code": status, "message": message, "status": name}}


def _pieces(text: str) -> Iterator[str]:
    return (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))


def _data(document: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def _named(document: dict[str, Any]) -> bytes:
    return b"event: " + str(document["type"]).encode() + b"\n" + _data(document)


def _completion(kind: str, model: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_763_890_000, "model": model}


def _openai_chunk(model: str, delta: dict[str, Any], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return _data({**_completion("chat.completion.chunk", model), "choices": [choice], "usage": None})


def _openai_usage(said: Saying) -> dict[str, int]:
    return {
        "prompt_tokens": said.input_tokens,
        "completion_tokens": said.output_tokens,
        "total_tokens": said.input_tokens + said.output_tokens,
    }


def _message(model: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _stop_reason(said: Saying) -> str:
    return "refusal" if said.manner == "refuses" else "end_turn"


def _texts(parts: Any) -> str:
    return "\n".join(str(part.get("text", "")) for part in parts)


def _gemini_part(model: str, text: str, reason: str, usage: dict[str, int]) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": [{"text": text}]}}
    if reason:
        candidate["finishReason"] = reason
    counted = {"usageMetadata": usage} if usage else {}
    return {"candidates": [candidate], "modelVersion": model, **counted}


def _gemini_usage(said: Saying) -> dict[str, int]:
    return {
        "promptTokenCount": said.input_tokens,
        "candidatesTokenCount": said.output_tokens,
        "totalTokenCount": said.input_tokens + said.output_tokens,
    }
