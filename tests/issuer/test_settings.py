"""`issuer.settings`: flags in, frozen values out, wrong ones named."""

from pathlib import Path

import pytest

from issuer.settings import parse

RIGHT = {
    "--control-socket": "/h/issuer.sock",
    "--listen": "127.0.0.1:8201",
    "--issuer-url": "http://127.0.0.1:8201",
    "--keys": "/h/keys",
    "--run": "/h/run",
    "--audit-socket": "/h/audit.sock",
    "--resource-servers": "/h/servers.yaml",
}


def argv(**changes: str) -> list[str]:
    flags = {**RIGHT, **{f"--{name.replace('_', '-')}": value for name, value in changes.items()}}
    return [word for flag in flags.items() for word in flag]


def test_every_flag_becomes_a_value() -> None:
    """The settings hold what the flags say."""
    settings = parse(argv())
    assert (settings.host, settings.port) == ("127.0.0.1", 8201)
    assert settings.issuer_url == "http://127.0.0.1:8201"
    assert settings.keys == Path("/h/keys")
    assert parse(argv(listen="[::1]:9")).host == "::1"
    assert parse(argv(listen="127.9.9.9:9")).host == "127.9.9.9"


@pytest.mark.parametrize("flag", RIGHT)
def test_every_flag_is_needed(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Leaving one out ends with 2 and its name."""
    flags = [word for name, value in RIGHT.items() if name != flag for word in (name, value)]
    with pytest.raises(SystemExit, match="2"):
        parse(flags)
    assert flag in capsys.readouterr().err


@pytest.mark.parametrize(
    "listen",
    [
        "0.0.0.0:80",
        "10.0.0.1:80",
        "[::]:80",
        "localhost:80",
        "127.0.0.1",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        ":80",
        "127.0.0.1:x",
    ],
)
def test_only_loopback_is_served(listen: str) -> None:
    """Any other address, a name, or no port ends with 2."""
    with pytest.raises(SystemExit, match="2"):
        parse(argv(listen=listen))


@pytest.mark.parametrize(
    "url",
    [
        "issuer",
        "ftp://h",
        "http://",
        "http://h/?q=1",
        "http://h/#f",
        "http://u:p@h/",
        "http://h/\n",
        "http://[",
        "//h",
    ],
)
def test_the_issuer_is_named_by_a_plain_url(url: str) -> None:
    """Something else than an http or https URL without user, query and fragment ends with 2."""
    with pytest.raises(SystemExit, match="2"):
        parse(argv(issuer_url=url))
