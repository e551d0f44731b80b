package change.rules.evidence_could_not_run

import data.lib.result

# METADATA
# title: A check could not be run
# custom:
#   code: change.evidence_could_not_run
#   message: "{kind} is configured and could not be run, which is no pass."
#   remedy: "Try again; if it stays so, ask the operator to look at the checks (doorless doctor)."
#   retry: retry
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found contains {"path": "", "line": 0, "values": {"{kind}": kind}} if {
	some kind, "could_not_run" in input.evidence
}
