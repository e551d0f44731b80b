"""The juror's program with the vendors' own client libraries before stand-ins that speak their wire formats."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from checks.jury.inside import juror
from proof.vendors.minds import vote
from proof.vendors.server import Vendors

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".cache" / "clients" / "venv" / "bin" / "python"
BASES = {"openai": "openai/v1", "anthropic": "anthropic", "gemini": "gemini"}
MODELS = ("trusting", "careful", "refusing", "failing", "limited", "breaking", "silent", "stalling", "absent")
ASKING = """
import json, os, runpy, sys
program, asked, models = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3:]
answered = runpy.run_path(program)["answered"]
print(json.dumps({m: answered({**asked, "model": m}, os.environ["DOORLESS_URL"]) for m in models}))
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Stand-ins that take the juror's dummy key, on a port of loopback."""
    config = uvicorn.Config(Vendors(juror.NO_KEY).application(), port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            thread.join(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.force_exit = server.should_exit = True
        thread.join(10)


async def asked_all(url: str) -> dict[str, dict[str, dict[str, object]]]:
    """What the program says of each model of each vendor; the three processes run at once."""

    async def of(api: str) -> dict[str, dict[str, object]]:
        asked = {
            "api": api,
            "service": BASES[api],
            "system": "s",
            "user": "hello there",
            "tokens": 50,
            "seconds": 1.5,
        }
        process = await asyncio.create_subprocess_exec(
            *(str(PYTHON), "-I", "-c", ASKING, juror.__file__, json.dumps(asked), *MODELS),
            env={"DOORLESS_URL": url},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, err.decode()
        found: dict[str, dict[str, object]] = json.loads(out)
        return found

    return dict(zip(BASES, await asyncio.gather(*map(of, BASES)), strict=True))


def test_every_vendors_client_reads_what_its_model_says(url: str) -> None:
    """Whole text and token counts from a stream; refusals, errors, silence and broken streams by their kind.

    Without a look at how the stream ended, Anthropic's library gave half an answer for a whole one.
    """
    assert PYTHON.is_file(), "the clients are not installed: python3 tools/setup.py test"
    for api, answers in asyncio.run(asked_all(url)).items():
        text = vote("pass", 0.97)
        counts = {"input_tokens": 4, "output_tokens": len(text) // 4 + 1}
        assert answers["trusting"] == {"text": text, **counts}, api
        kinds = {model: answer.get("why", "answered") for model, answer in answers.items()}
        assert kinds == {
            "trusting": "answered",
            "careful": "answered",
            "refusing": "refused",
            "failing": "failed",
            "limited": "failed",
            "breaking": "failed",
            "silent": "timeout",
            "stalling": "timeout",
            "absent": "failed",
        }, (api, answers)
