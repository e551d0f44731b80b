"""Damages to the search of what a push and a pull request carry out."""

from typing import Final

from tests.proof.damage import damaged

CHANGES: Final = (
    damaged(
        "the names in a push are not searched",
        "changes",
        "push-branch-name push-file-name",
        (
            "gateway/git/names.py",
            'if not search("\\n".join(_names(facts)).encode("utf-8", "surrogateescape")):',
            "if not search(b''):",
        ),
    ),
    damaged(
        "the commits of a push are not searched",
        "changes",
        "push-commit-message push-commit-header",
        (
            "gateway/git/names.py",
            'heads = [update.new for update in pushed.updates if update.new.strip("0")]',
            "heads: list[str] = []",
        ),
    ),
    damaged(
        "the files of a push are not searched",
        "changes",
        "push-file push-commit-before",
        (
            "checks/describe_api.py",
            "run_in_threadpool(describe, change, self._scan)",
            "run_in_threadpool(describe, change, lambda _git, _blobs: ())",
        ),
    ),
    damaged(
        "the bodies of a service are not searched",
        "changes",
        "pull-request-title pull-request-body",
        (
            "gateway/outbound.py",
            "if call.service.scan_bodies and call.git is None",
            "if False and call.git is None",
        ),
    ),
)
