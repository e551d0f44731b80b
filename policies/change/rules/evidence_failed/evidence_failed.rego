package change.rules.evidence_failed

import data.lib.result

# METADATA
# title: A check failed
# description: >-
#   Whether it was demanded or not.
# custom:
#   code: change.evidence_failed
#   message: "{kind} did not pass for this commit."
#   remedy: "Mend what it reports and try again with a new commit."
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found contains {"path": "", "line": 0, "values": {"{kind}": kind}} if {
	some kind, "failed" in input.evidence
}
