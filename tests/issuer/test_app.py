"""`issuer.app`: the process as a whole, from its flags to its end."""

import json
import re
import signal
import subprocess
import sys

import pytest

from tests.issuer.home import ROOT, Home, start, stop, token_for


def refused(home: Home) -> tuple[int, str]:
    """Exit code and error text of an issuer that must not start."""
    process = start("issuer", *home.issuer_flags())
    out, error = process.communicate(timeout=20)
    assert out == ""
    return process.returncode, error


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(own_home: Home, number: int) -> None:
    """On SIGTERM and SIGINT streams end, the socket file goes, nothing is complained about, and the code is 0."""
    process = own_home.issuer
    assert process is not None
    with own_home.endings() as lines:
        assert json.loads(next(lines)) == {"active": []}
        process.send_signal(number)
        assert list(lines) == []
    out, error = process.communicate(timeout=20)
    assert (process.returncode, out, error) == (0, "", "")
    assert not own_home.control_socket.exists()


def test_it_says_ready_when_both_faces_answer(bare_home: Home) -> None:
    """At the moment of the ready line the control socket and the port are served."""
    bare_home.start_audit()
    bare_home.start_issuer()
    assert bare_home.control("GET", "/workflows").json() == {"workflows": []}
    assert bare_home.public("GET", "/health").status_code == 200


def test_without_a_log_it_does_not_start(bare_home: Home) -> None:
    """No audit writer: 69, and the text says to start one."""
    code, error = refused(bare_home)
    assert code == 69
    assert "start the audit writer first" in error
    assert "Traceback" not in error


def test_a_second_issuer_is_refused(own_home: Home) -> None:
    """The same port, or the same socket: 71, and the first goes on."""
    code, error = refused(own_home)
    assert code == 71
    assert "Traceback" not in error
    assert own_home.control("GET", "/workflows").status_code == 200


def test_broken_files_are_named(bare_home: Home) -> None:
    """Unusable keys and a wrong resource-server file: 78, with the file's name."""
    bare_home.start_audit()
    bare_home.resource_servers.write_text("a: absent\n")
    code, error = refused(bare_home)
    assert (code, "servers.yaml:1:4" in error) == (78, True)
    (bare_home.keys / "ring.json").unlink()
    code, error = refused(bare_home)
    assert (code, "doorless init" in error, "Traceback" in error) == (78, True, False)


def test_wrong_flags_end_with_2(bare_home: Home) -> None:
    """A public listen address is refused before anything is opened."""
    flags = [flag.replace("127.0.0.1:", "0.0.0.0:") for flag in bare_home.issuer_flags()]
    process = start("issuer", *flags)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "loopback" in error


def test_keys_survive_a_restart(own_home: Home) -> None:
    """After a restart the JWKS is the same, rotation under way included, and new tokens verify."""
    own_home.control("POST", "/keys/rotate")
    before = own_home.public("GET", "/.well-known/jwks.json").json()
    assert stop(own_home.issuer) == 0
    own_home.start_issuer()
    assert own_home.public("GET", "/.well-known/jwks.json").json() == before
    assert own_home.introspect(token_for(own_home.start_workflow()))["active"] is True


def test_no_token_and_no_key_is_ever_printed(own_home: Home) -> None:
    """Whatever happens, standard output and error hold no token, no secret and no private key."""
    answer = own_home.start_workflow()
    own_home.public(
        "POST", "/introspect", auth=("crash-reporting", "wrong"), data={"token": token_for(answer)}
    )
    own_home.introspect(token_for(answer))
    stop(own_home.audit)
    own_home.control("POST", f"/workflows/{answer['workflow']}/tokens")
    own_home.control("DELETE", "/workflows")
    assert own_home.issuer is not None
    own_home.issuer.terminate()
    out, error = own_home.issuer.communicate(timeout=20)
    assert "could not be recorded" in error
    for secret in (r"ey[A-Za-z0-9_-]{20}", "PRIVATE KEY", *own_home.secrets.values()):
        assert not re.search(secret, out + error)


def test_the_verify_half_brings_no_web_server() -> None:
    """What the gateway imports, `issuer.token`, loads no server, no HTTP client and no other part of ours."""
    script = "import sys, issuer.token; print(*{m.split('.')[0] for m in sys.modules} & set(sys.argv[1:]))"
    unwanted = ["starlette", "uvicorn", "httpx", "aiohttp", "authlib", "yaml", "audit", "decision"]
    asked = subprocess.run(
        [sys.executable, "-c", script, *unwanted], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert asked.stdout.strip() == ""
