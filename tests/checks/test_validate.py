"""One function for every agent's output, the socket's `/validate`, and what both cost."""

import asyncio
import hashlib
import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from checks.outputs import OutputSchemas, Said
from checks.statement import open_sealed, signer_of
from checks.validate import JuryResult, Validation, validate_agent_output
from checks.validate_api import MAX_BODY_BYTES, ValidateApi

SCHEMAS = OutputSchemas()
PULL = {"base": "main", "head": "agent/wf-a/fix", "title": "Fix the crash", "body": "It crashed.\n"}
SHOP = Said("create-pr", {"repository": "acme/shop"})


def validated(document: object, said: Said = SHOP) -> Validation:
    """What is found out about it without a jury."""
    return asyncio.run(validate_agent_output(json.dumps(document).encode(), said, SCHEMAS))


def test_a_document_need_not_say_what_its_address_says() -> None:
    """GitHub's own body of a pull request has neither a type nor a repository."""
    assert validated(PULL).stands
    assert validated({**PULL, "type": "create-pr", "repository": "acme/shop"}).stands


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"type": "report"}, "/type"),
        ({"type": None}, "/type"),
        ({"repository": "acme/other"}, "/repository"),
        ({"labels": ["approved"]}, ""),
    ],
)
def test_a_document_may_not_say_otherwise(more: dict[str, Any], pointer: str) -> None:
    """Taking the document's word for its type let a report through where a pull request was meant."""
    found = validated({**PULL, **more})
    assert (found.schema, [error.pointer for error in found.errors]) == ("failed", [pointer])


def test_what_no_type_has_a_place_for_is_left_out() -> None:
    """A route's parameters are no fields of a report."""
    report = {"title": "Crashes", "summary": "Two.", "findings": []}
    assert validated(report, Said("report", {"repository": "acme/shop", "id": "7"})).stands


def test_a_type_that_nobody_declared_stands_for_nothing() -> None:
    """An unknown type is a failure, not a document without rules."""
    assert validated(PULL, Said("merge")).schema == "failed"


def test_the_digest_is_of_exactly_these_bytes() -> None:
    """Another spelling of the same document has another digest."""
    one, other = json.dumps(PULL).encode(), json.dumps(PULL, indent=1).encode()
    digests = {asyncio.run(validate_agent_output(each, SHOP, SCHEMAS)).digest for each in (one, other)}
    assert digests == {hashlib.sha256(each).hexdigest() for each in (one, other)}


@pytest.mark.parametrize("state", ["veto", "no_verdict", "not_configured"])
def test_only_a_jury_that_passed_it_or_was_not_needed_lets_it_stand(state: Any) -> None:
    """A jury without a verdict is no yes."""

    async def jury(output: bytes, said: Said) -> JuryResult:
        assert (output, said) == (json.dumps(PULL).encode(), SHOP)
        return JuryResult(state=state)

    found = asyncio.run(validate_agent_output(json.dumps(PULL).encode(), SHOP, SCHEMAS, jury))
    assert (found.schema, found.stands) == ("passed", False)


def test_what_fails_its_schema_is_shown_to_no_model() -> None:
    """The jury is asked last, and only about a document that is one."""

    async def jury(output: bytes, said: Said) -> JuryResult:
        raise AssertionError((output, said))

    found = asyncio.run(validate_agent_output(b'{"title": ""}', SHOP, SCHEMAS, jury))
    assert (found.schema, found.jury.state) == ("failed", "absent")


def posted(api: ValidateApi, content: bytes) -> httpx.Response:
    """The answer to a body."""

    async def ask() -> httpx.Response:
        app = Starlette(routes=[Route("/validate", api.validate, methods=["POST"])])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://checks") as client:
            return await client.post("/validate", content=content)

    return asyncio.run(ask())


def test_the_answer_is_a_signed_statement_about_these_bytes(tmp_path: Any) -> None:
    """Digest, result by layer, and an envelope that the home's key signed."""
    signer = signer_of(tmp_path / "key")
    assert signer is not None
    body = json.dumps(PULL)
    asked = {"type": "create-pr", "body": body, "fields": {"repository": "acme/shop"}}
    told = posted(ValidateApi(SCHEMAS, signer), json.dumps(asked).encode()).json()
    digest = hashlib.sha256(body.encode()).hexdigest()
    assert (told["digest"], [each["state"] for each in told["results"]]) == (digest, ["passed", "absent"])
    statement = open_sealed(told["statement"], signer.public_key)
    assert statement["subject"] == [{"name": "output", "digest": {"sha256": digest}}]
    assert statement["predicate"]["results"] == {"schema": "passed", "jury": "absent"}


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b'{"type": "create-pr"}', 400),
        (b'{"type": "create-pr", "body": {}}', 400),
        (b'{"type": "", "body": ""}', 400),
        (b'{"type": "create-pr", "body": "{}", "jury": "passed"}', 400),
        (b'{"type": "create-pr", "body": "\xff"}', 400),
        (b" " * (MAX_BODY_BYTES + 1), 413),
    ],
)
def test_what_asks_nothing_is_told_so(content: bytes, status: int) -> None:
    """No half-read question gets an answer that could be taken for a result."""
    answer = posted(ValidateApi(SCHEMAS, None), content)
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "remedy"}
