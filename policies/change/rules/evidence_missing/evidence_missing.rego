package change.rules.evidence_missing

import data.lib.result

# METADATA
# title: A check that must have passed did not run
# custom:
#   code: change.evidence_missing
#   message: "The change needs {kind} to have passed for this very commit, and it did not run ({state})."
#   remedy: "Run it where it is configured; .doorless/checks.yaml on the base names the command for tests."
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found contains {"path": "", "line": 0, "values": {"{kind}": kind, "{state}": state}} if {
	some kind in _required
	not _given[kind]
	state := object.get(input, ["evidence", kind], "absent")
}

_required contains kind if some kind in input.require

_required contains kind if {
	input.via == "push"
	some kind in data.compiled.git[input.service].push.require_evidence
}

# What goes to a person needs all that can be shown to them. Of the jury change.not_judged speaks.
_required contains kind if {
	input.action in {"create-pr", "merge"}
	some kind in ["schema", "semgrep", "tests"]
}

# What failed or could not be run is spoken of by rules of its own.
_given[kind] if {
	some kind, state in input.evidence
	state in {"passed", "failed", "could_not_run"}
}
