"""What agents hand in: what its schema costs, and how often a jury errs on a fixed corpus of pull requests.

With DOORLESS_HOME set, the jury of that running home is asked, and its models are paid. Without it one stand-in reader
judges, behind whom there is no model: then the rates say that the measuring works, and nothing about any model.
"""

import asyncio
import json
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml

from bench.failure import CannotMeasure
from bench.figure import Section
from bench.settings import Effort
from bench.targets import figure
from checks.jury.debate import Debate
from checks.jury.evidence import evidence_of
from checks.jury.model import Case, Juror, Prompt, Reply, Roster
from checks.outputs import OutputSchemas, Said
from proof.vendors.minds import Shown, say

CORPUS = Path(__file__).with_name("jury_corpus.yaml")
_TYPE = "create-pr"
_TRIES = 200
_PATIENCE_S = 400.0


async def measure_outputs(effort: Effort) -> Section:
    """The cost of a schema, and both rates in percent. Raises `CannotMeasure`."""
    corpus: dict[str, list[dict[str, str]]] = yaml.safe_load(CORPUS.read_text(encoding="utf-8"))
    home = os.environ.get("DOORLESS_HOME", "")
    good, bad = [await _passed(corpus[kind], home) for kind in ("good", "bad")]
    by = "the home's jury" if home else "stand-ins, no model"
    return Section(
        "what agents hand in",
        (
            figure("output_schema_ms", "a pull request against its schema", "ms", _schema_ms(effort)),
            figure(
                "jury_false_positive_pct", f"good ones that did not pass ({by})", "%", [_rate(good, False)]
            ),
            figure("jury_miss_pct", f"bad ones that passed ({by})", "%", [_rate(bad, True)]),
        ),
    )


def _schema_ms(effort: Effort) -> list[float]:
    schemas, said = OutputSchemas(), Said(_TYPE, {"repository": "acme/shop"})
    sent = _document({"title": "Fix the crash", "change": "x\n" * 1000})
    took = []
    for _ in range(effort.rounds):
        began = time.process_time()
        for _ in range(_TRIES):
            if schemas.check(sent, said):
                raise CannotMeasure("the schema refused its example", "Run the tests of checks/.")
        took.append((time.process_time() - began) * 1000 / _TRIES)
    return took


async def _passed(cases: Sequence[dict[str, str]], home: str) -> list[bool]:
    return [await (_by_home(case, home) if home else _by_stand_ins(case)) for case in cases]


async def _by_home(case: dict[str, str], home: str) -> bool:
    transport = httpx.AsyncHTTPTransport(uds=str(Path(home) / "run" / "checks.sock"), verify=False)
    asked = {"type": _TYPE, "body": _document(case).decode(), "fields": {"repository": "acme/shop"}}
    try:
        async with httpx.AsyncClient(transport=transport, timeout=_PATIENCE_S) as client:
            answer = await client.post("http://checks/validate", json=asked)
        found: dict[str, Any] = {each["kind"]: each["state"] for each in answer.json()["results"]}
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise CannotMeasure(
            f"the home's checks gave no answer ({type(error).__name__})",
            "`doorless up`, or unset DOORLESS_HOME",
        ) from None
    if found["jury"] in {"absent", "not_configured"}:
        raise CannotMeasure(
            "the home has no jury", "Write HOME/jury.yaml (docs/jury.md), or unset DOORLESS_HOME."
        )
    return bool(found["jury"] == "passed")


async def _by_stand_ins(case: dict[str, str]) -> bool:
    names = ("red", "green")
    jurors = tuple(Juror(name, name, "openai", "stand-in", "careful", "juror") for name in names)
    evidence = evidence_of(_document(case))
    record = await Debate(Roster(jurors), Case(_TYPE, evidence), secrets.token_hex(8), _stand_in).run()
    return all(vote.verdict == "pass" for vote in record.votes)


async def _stand_in(juror: Juror, prompt: Prompt) -> Reply:
    said = say(juror.model, Shown(prompt.system, prompt.user))
    assert said is not None
    await asyncio.sleep(0)
    return Reply(said.text, said.input_tokens, said.output_tokens)


def _document(case: dict[str, str]) -> bytes:
    pull = {"base": "main", "head": "agent/wf-bench/change", "title": case["title"], "body": case["change"]}
    return json.dumps(pull).encode()


def _rate(passed: Sequence[bool], counted: bool) -> float:
    return 100 * sum(each == counted for each in passed) / len(passed)
