"""A result as SARIF 2.1.0 (OASIS), for code scanning and editors; pure.

One run of one tool, with every failure as a result. A failure that is about no file stands at the root of the
repository, because code scanning takes no result without a location.
"""

import hashlib
import json
from typing import Any
from urllib.parse import quote

from checks.evidence import Evidence
from checks.result import CheckResult, Failure

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(result: CheckResult) -> str:
    """The log file, with a newline at its end."""
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(result)]}
    return json.dumps(document, indent=2) + "\n"


def _run(result: CheckResult) -> dict[str, Any]:
    codes = sorted({failure.code for failure in result.failures})
    remedies = {failure.code: failure.remedy for failure in result.failures}
    rules = [{"id": code, "help": {"text": remedies[code]}} for code in codes]
    return {
        "tool": {"driver": {"name": "doorless", "informationUri": "https://doorless.dev", "rules": rules}},
        "originalUriBaseIds": {"ROOT": {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(result)],
        "results": [_result(failure, codes) for failure in result.failures],
        "properties": {
            "head": result.head,
            "base": result.base,
            "role": result.role,
            "verdict": result.verdict,
        },
    }


def _invocation(result: CheckResult) -> dict[str, Any]:
    notes = [_notification(each) for each in result.evidence if each.state in {"failed", "could_not_run"}]
    return {
        "executionSuccessful": result.verdict != "could_not_run",
        "toolExecutionNotifications": notes,
    }


def _notification(evidence: Evidence) -> dict[str, Any]:
    return {"level": "error", "message": {"text": f"{evidence.kind}: {evidence.message}"}}


def _result(failure: Failure, codes: list[str]) -> dict[str, Any]:
    artifact = {"uri": quote(failure.path, safe="/") or ".", "uriBaseId": "ROOT"}
    place = {"artifactLocation": artifact, "region": {"startLine": max(failure.line, 1)}}
    return {
        "ruleId": failure.code,
        "ruleIndex": codes.index(failure.code),
        "level": "error",
        "message": {"text": f"{failure.message} {failure.remedy}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"doorless/v1": _fingerprint(failure)},
    }


def _fingerprint(failure: Failure) -> str:
    return hashlib.sha256(f"{failure.code}\0{failure.path}\0{failure.message}".encode()).hexdigest()[:32]
