"""What the shipped policies mean for changes, written from docs/policies.md in plain Python and not from the Rego.

Reads the files as they are written, never the compiled tables. Says which codes a change is denied with; none means
that it is allowed, or held where it is a merge.
"""

from fnmatch import fnmatchcase
from typing import Any

from tests.policies.reference_model import Written

PLAIN = {"100644", "100755", ""}
SPECIAL = {"mode", "symlink", "gitlink", "gitattributes", "gitmodules"}
BY_KIND = {
    "not_utf8": "irregular_name",
    "bad_name": "irregular_name",
    "case_twin": "irregular_name",
    "unicode_twin": "irregular_name",
    "replace_ref": "replaced_objects",
    "graft": "replaced_objects",
    "alternates": "replaced_objects",
    "shallow": "not_read_whole",
    "truncated": "not_read_whole",
    "unreadable": "not_read_whole",
    "orphan": "no_common_base",
}
EVIDENCE_FOR_PEOPLE = {"schema", "semgrep", "tests"}
OF_THE_JURY = {"passed", "failed", "no_verdict", "not_configured"}


def denials(roles: Written, services: Written, protected: Written, question: Written) -> set[str]:
    """The codes, without `change.`, that a complete question is denied with."""
    role = roles.get(question["role"], {})
    granted = _granted(roles, services, question)
    vetoes = (
        _of_refs(question)
        | _of_facts(question)
        | _of_paths(role, protected, question)
        | _of_size(role, question)
        | _of_people(question)
        | _of_evidence(services, question)
        | _of_meta(services, question)
    )
    if granted and question["action"] != "check" and _word(question) not in question["scope"]:
        vetoes.add("scope_not_in_token")
    return vetoes if granted else vetoes | {_lacking(roles, question)}


def covers(pattern: str, path: str) -> bool:
    """Whether a pattern of the documentation covers a path: whole, or something above it."""
    parts = path.split("/")
    for end in range(1, len(parts) + 1):
        starts = range(end) if pattern.startswith("**/") else range(1)
        body = pattern.removeprefix("**/")
        if any(fnmatchcase("/".join(parts[start:end]), body) for start in starts):
            return True
    return False


def _granted(roles: Written, services: Written, question: Written) -> bool:
    role = roles.get(question["role"])
    if role is None:
        return False
    actions = role.get("actions", [])
    if question["action"] == "check":
        may = not role.get("agent", True) or bool({"create-branch", "create-pr"} & set(actions))
        return may and question["via"] == "check"
    if question["service"] not in role.get("services", []) or question["via"] == "check":
        return False
    service = services[question["service"]]
    push = service.get("git", {}).get("push")
    words = {_declared(route) for route in service["routes"].values() if _may(role, route)}
    if push is not None and _may(role, push):
        words.add(_declared(push))
    here = question["via"] == "api" or (push is not None and _declared(push) == _word(question))
    return here and _word(question) in words


def _may(role: Written, route: Written) -> bool:
    return route["action"] in role["actions"] and (
        "data" not in route or route["data"] in role.get("data", [])
    )


def _declared(route: Written) -> str:
    return f"{route['action']}:{route['data']}" if "data" in route else str(route["action"])


def _word(question: Written) -> str:
    return f"{question['action']}:{question['data']}" if question["data"] else str(question["action"])


def _lacking(roles: Written, question: Written) -> str:
    if question["role"] not in roles:
        return "role_unknown"
    if question["action"] != "check" and question["service"] not in roles[question["role"]].get(
        "services", []
    ):
        return "service_not_granted"
    return "action_not_granted"


def _of_refs(question: Written) -> set[str]:
    found = set()
    own = f"refs/heads/agent/{question['workflow']}/"
    for ref in question["facts"]["refs"]:
        inside = ref["name"].startswith(own) and ref["name"] != own
        if question["action"] != "check" and not (
            inside and question["namespace"] == own and question["workflow"]
        ):
            found.add("ref_outside_namespace")
        if ref["change"] == "delete" or not ref["new"].strip("0"):
            found.add("ref_deleted")
        if ref["change"] == "force":
            found.add("ref_forced")
    return found


def _of_facts(question: Written) -> set[str]:
    facts = question["facts"]
    found = {BY_KIND[fact["kind"]] for fact in facts["irregular"] if fact["kind"] in BY_KIND}
    if not facts["merge_base"]:
        found.add("no_common_base")
    if facts["secrets"]:
        found.add("secret_found")
    if question["findings"]:
        found.add("finding")
    return found


def _of_paths(role: Written, protected: Written, question: Written) -> set[str]:
    facts, found = question["facts"], set()
    every = [*facts["files"], *facts["touched"]]
    for pattern in role.get("forbidden_paths", []):
        if any(covers(pattern, form) for one in every for form in (one["path"], one["folded"])):
            found.add("forbidden_path")
    patterns = [one for of in protected.values() for one in of["patterns"]]
    caught = any(
        covers(pattern, form)
        for pattern in patterns
        for one in every
        for form in (one["path"], one["folded"])
    )
    if caught and role.get("agent", True):
        found.add("protected_path")
    kinds = {fact["kind"] for fact in facts["irregular"]} & SPECIAL
    for one in every:
        mode = one["new_mode"] if "new_mode" in one else one["mode"]
        if mode not in PLAIN:
            kinds.add({"120000": "symlink", "160000": "gitlink"}.get(mode, "mode"))
        last = one["folded"].rsplit("/", 1)[-1]
        kinds |= {last.removeprefix(".")} & {"gitattributes", "gitmodules"} if last.startswith(".") else set()
    if kinds - set(role.get("special_files", [])):
        found.add("special_file")
    return found


def _of_size(role: Written, question: Written) -> set[str]:
    facts, limits, found = question["facts"], role.get("limits", {}), set()
    files = max(facts["totals"]["files"], len(facts["files"]))
    lines = max(facts["totals"]["lines"], sum(one["lines"] for one in facts["files"]))
    if files > limits.get("max_files_changed", files):
        found.add("too_many_files")
    if lines > limits.get("max_diff_lines", lines):
        found.add("too_many_lines")
    return found


def _of_people(question: Written) -> set[str]:
    nobody = {"name": "", "email": ""}
    if question["action"] == "check" and question["identity"] == nobody:
        return set()
    named = [
        person
        for commit in question["facts"]["commits"]
        for person in (commit["author"], commit["committer"], *commit["co_authors"])
    ]
    own = question["identity"] if question["identity"]["email"] else None
    return {"foreign_identity"} if any(person != own for person in named) else set()


def _of_evidence(services: Written, question: Written) -> set[str]:
    required, evidence = set(question["require"]), question["evidence"]
    if question["via"] == "push":
        push = services.get(question["service"], {}).get("git", {}).get("push") or {}
        required |= set(push.get("require_evidence", []))
    if question["action"] in {"create-pr", "merge"}:
        required |= EVIDENCE_FOR_PEOPLE
    found = set()
    if any(evidence.get(kind, "absent") in {"absent", "not_configured", "no_verdict"} for kind in required):
        found.add("evidence_missing")
    judged = evidence.get("schema") == "failed" or evidence.get("jury") in OF_THE_JURY
    if question["action"] == "create-pr" and not judged:
        found.add("not_judged")
    git = services.get(question["service"], {}).get("git", {})
    known = {git.get("base", "main"), *git.get("staging", [])} if git else set()
    if question["action"] in {"create-pr", "merge"} and question["facts"]["base"]["ref"] not in known:
        found.add("base_unknown")
    states = set(evidence.values())
    names: dict[Any, str] = {"failed": "evidence_failed", "could_not_run": "evidence_could_not_run"}
    return found | {names[state] for state in states & set(names)}


def _of_meta(services: Written, question: Written) -> set[str]:
    staging = services.get(question["service"], {}).get("git", {}).get("staging", [])
    aims_elsewhere = question["facts"]["base"]["ref"] not in staging
    return {"staging_only"} if question["role"] == "meta-workflow" and aims_elsewhere else set()
