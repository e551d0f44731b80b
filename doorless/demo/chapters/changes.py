"""Chapter `changes`: an agent proposes changes to code with plain git, and holds no key to the repository."""

import re
from concurrent.futures import ThreadPoolExecutor

import yaml

from audit.entry import DecisionEntry
from doorless.demo import forge
from doorless.demo.stage import Ran, Stage
from doorless.demo.teller import Shown, Step, Teller

TITLE = "Changes: pr-creator pushes code with plain git, and no key"

ARTICLE = """
  pr-creator:
    services: [code-repository]
    actions: [read, create-pr, create-branch]
    forbidden_paths: [auth/*, .ci/*, security/*]
    limits: { max_diff_lines: 500, max_files_changed: 10 }
"""
"""The role as it was published."""

_GOOD = "def total(prices):\n    return sum(prices, start=0)\n"
_BROKEN = "def total(prices):\n    return sum(prices) + 1\n"
_FINDING = "def total(text):\n    return eval(text)\n"

# What is tried, the role, the agent's words, and the code that the log must have; none where it is allowed.
_TRIED: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("push a good change", "pr-creator", ("--write", "shop/cart.py", _GOOD), ""),
    (
        "push a change under auth/",
        "pr-creator",
        ("--write", "auth/login.py", "x = 1\n"),
        "change.forbidden_path",
    ),
    (
        "push a change to a test",
        "pr-creator",
        ("--write", "tests/test_cart.py", "\n"),
        "change.protected_path",
    ),
    (
        "push 600 lines (the role may 500)",
        "pr-creator",
        ("--write", "big.txt", "line\n" * 600),
        "change.too_many_lines",
    ),
    (
        "push to main",
        "pr-creator",
        ("--write", "a.txt", "a\n", "--to", "refs/heads/main"),
        "change.ref_outside_namespace",
    ),
    (
        "push code that semgrep finds fault with",
        "scanned-pr-creator",
        ("--write", "shop/cart.py", _FINDING),
        "change.finding",
    ),
    (
        "push code that breaks a test",
        "tested-pr-creator",
        ("--write", "shop/cart.py", _BROKEN),
        "change.evidence_failed",
    ),
)
_REFUSED = 3
"""How the agent ends where its push is refused."""
_FORCE = """
set -e
git clone --quiet {url} /tmp/clone
cd /tmp/clone
git commit --quiet --allow-empty --message first
git push --quiet origin HEAD:refs/heads/agent/$DOORLESS_WORKFLOW/work 2>/dev/null
git commit --quiet --allow-empty --amend --message second
git push --force origin HEAD:refs/heads/agent/$DOORLESS_WORKFLOW/work 2>&1
"""


def tell(stage: Stage, teller: Teller) -> None:
    """What the role is, then one good push and seven that must be refused."""
    roles = yaml.safe_load(stage.roles.read_text())["roles"]
    same = roles["pr-creator"] == yaml.safe_load(ARTICLE)["pr-creator"]
    teller.fact("the role pr-creator stands in roles.yaml as it was published", as_told=same)
    before = forge.refs(stage.shop)
    with ThreadPoolExecutor(max_workers=3) as pool:
        runs = [pool.submit(_push, stage, role, words) for _, role, words, _ in _TRIED]
        forced = pool.submit(_force, stage)
        for (tried, _, _, code), run in zip(_TRIED, runs, strict=True):
            _tell_one(stage, teller, tried, run.result(), code)
        _tell_one(stage, teller, "force-push over a commit of its own", forced.result(), "change.ref_forced")
    _at_the_forge(stage, teller, before)


def _push(stage: Stage, role: str, words: tuple[str, ...]) -> Ran:
    command = ("python", "-m", "tenants.agents.pr_creator", f"{stage.at.forge}/{forge.NAME}", *words)
    return stage.run_agent(role, *command, expected=(0, _REFUSED))


def _force(stage: Stage) -> Ran:
    script = _FORCE.format(url=f"{stage.at.forge}/{forge.NAME}")
    return stage.run_agent("pr-creator", "sh", "-c", script, expected=(1,))


def _tell_one(stage: Stage, teller: Teller, tried: str, ran: Ran, code: str) -> None:
    """One push as the log tells it, and the reason as git printed it."""
    told = [line for line in ran.lines if line.startswith("remote:")]
    named = re.findall(r"d-[a-z0-9]{26}", "\n".join(told))
    decision = stage.decision(named[-1] if named else None)
    codes = _codes(decision)
    as_told = decision is not None and (code in codes if code else decision.decision == "allow")
    shown: Shown = "ALLOW" if decision is not None and decision.decision == "allow" else "DENY"
    first = code if code in codes else next(iter(codes), "" if not code else "NOT RECORDED")
    teller.step(Step(tried, shown, first, named[-1] if named else "", as_told))
    reason = [line for line in told if code and f"[{code}]" in line] or told
    teller.quote([line.partition(" (change.rules.")[0] for line in reason[:1]])


def _codes(decision: DecisionEntry | None) -> tuple[str, ...]:
    return () if decision is None else tuple(reason.code for reason in decision.reasons)


def _at_the_forge(stage: Stage, teller: Teller, before: dict[str, str]) -> None:
    """What came of all this, by the forge's own account."""
    after = forge.refs(stage.shop)
    new = sorted(after.keys() - before.keys())
    kept = all(after.get(name) == commit for name, commit in before.items())
    own = all(re.fullmatch(r"refs/heads/agent/wf-[a-z0-9]+/(change|work)", name) for name in new)
    teller.fact(
        f"the forge has {len(new)} new branches, each below agent/<workflow>/, and main is as it was",
        as_told=kept and own and len(new) == 2,
    )
