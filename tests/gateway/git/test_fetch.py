"""Reading through the gateway with real git: every way of cloning, and what is not spoken."""

import gzip

import pytest

from tests.gateway.git.rig import SEED, GitAgent, GitRig, git


@pytest.fixture(scope="module")
def agent(git_rig: GitRig) -> GitAgent:
    return git_rig.git_agent()


@pytest.mark.parametrize("version", ["0", "2"])
@pytest.mark.parametrize("name", ["acme/shop.git", "acme/shop"])
def test_a_clone_is_what_the_forge_has(git_rig: GitRig, agent: GitAgent, version: str, name: str) -> None:
    """With either protocol, and with or without `.git`, a clone holds the forge's commit and files."""
    clone = agent.clone("-c", f"protocol.version={version}", repository=name)
    assert clone.git("rev-parse", "HEAD").out.strip() == git_rig.refs()["refs/heads/main"]
    assert {path: (clone.folder / path).read_text() for path in SEED} == SEED


@pytest.mark.parametrize(
    "options", [("--depth=1",), ("--filter=blob:none",), ("--filter=tree:0", "--no-checkout")]
)
def test_shallow_and_partial_clones_work(git_rig: GitRig, agent: GitAgent, options: tuple[str, ...]) -> None:
    """Protocol v2 with its filters and depths passes as it is, and a push from there works."""
    git(git_rig.shop, "config", "uploadpack.allowFilter", "true")
    clone = agent.clone(*options)
    assert clone.git("show", "HEAD:README.md").out == SEED["README.md"]


def test_a_long_negotiation_comes_compressed(git_rig: GitRig, agent: GitAgent) -> None:
    """A clone with many commits of its own sends what it has in gzip; the gateway passes it and git fetches."""
    clone = agent.clone()
    stream = "".join(
        f"commit refs/heads/own\ncommitter a <a@example.com> {1_700_000_000 + number} +0000\ndata 1\nx\n"
        for number in range(400)
    )
    git(clone.folder, "fast-import", "--quiet", given=stream.encode())
    other = agent.clone()
    other.commit({"new.txt": "new\n"})
    other.push()
    ran = clone.git("-c", "core.packetTrace=1", "fetch", "origin", other.branch)
    assert ran.code == 0
    assert clone.git("rev-parse", "FETCH_HEAD").out.strip() == git_rig.refs()[other.branch]


def test_what_is_compressed_stays_small(agent: GitAgent) -> None:
    """A request for objects that unpacks to more than 8 MB is cut before the upstream has it whole."""
    bomb = gzip.compress(b"0" * 20_000_000)
    assert len(bomb) < 100_000
    answer = agent.agent.request(
        "POST",
        "/forge/git/acme/shop.git/git-upload-pack",
        bomb,
        {
            "Host": "proxy",
            "Content-Encoding": "gzip",
            "Content-Type": "application/x-git-upload-pack-request",
        },
    )
    assert answer.status == 413
    assert b"request.body_too_large" in answer.body


@pytest.mark.parametrize(
    ("request_line", "headers", "status", "code"),
    [
        ("GET /info/refs", {}, 400, "request.git_service"),
        ("GET /info/refs?service=git-upload-archive", {}, 400, "request.git_service"),
        ("GET /info/refs?service=git-upload-pack&x=1", {}, 400, "request.git_service"),
        ("POST /git-upload-pack?x=1", {}, 400, "request.git_service"),
        ("POST /git-receive-pack", {"Content-Encoding": "gzip"}, 415, "request.git_encoding"),
        ("POST /git-upload-pack", {"Content-Encoding": "br"}, 415, "request.git_encoding"),
        ("GET /HEAD", {}, 404, "request.not_found"),
        ("GET /objects/info/packs", {}, 404, "request.not_found"),
        ("POST /info/lfs/objects/batch", {}, 404, "request.not_found"),
    ],
)
def test_only_the_smart_protocol_is_spoken(
    agent: GitAgent, request_line: str, headers: dict[str, str], status: int, code: str
) -> None:
    """The dumb protocol, other services, other encodings and LFS are refused, and each refusal is text for git."""
    method, target = request_line.split()
    answer = agent.agent.request(
        method,
        f"/forge/git/acme/shop.git{target}",
        b"",
        {"Host": "proxy", "User-Agent": "git/2.39", **headers},
    )
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert f"[{code}]" in answer.body.decode()


@pytest.mark.parametrize(
    "name", ["-acme/shop", "acme/-shop", "acme/shop.lock", "acme/..git", "a%20b/shop", "acme/%2A"]
)
def test_names_that_no_repository_has_are_refused(agent: GitAgent, name: str) -> None:
    """What a command line, a path or a URL could read otherwise is never looked up."""
    answer = agent.agent.get(f"/forge/git/{name}/info/refs?service=git-upload-pack", Host="proxy")
    assert answer.status == 400


def test_the_upstream_sees_our_credential_and_never_the_agents(git_rig: GitRig, agent: GitAgent) -> None:
    """An agent's own Authorization does not travel: with a wrong one of its own it still reads."""
    ran = agent.git("-c", "http.extraHeader=Authorization: Basic Zm9vOmJhcg==", "ls-remote", agent.url())
    assert ran.code == 0, ran.out
    assert git(git_rig.home, "ls-remote", f"http://127.0.0.1:{git_rig.forge_port}/acme/shop.git").code != 0
