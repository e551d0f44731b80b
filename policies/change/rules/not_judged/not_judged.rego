package change.rules.not_judged

import data.lib.output
import data.lib.result

# METADATA
# title: A proposal was not shown to the jury
# description: >-
#   The gateway asks the jury where this is all that speaks against a change, and then asks policy again. A jury without
#   a verdict, or no jury at all, is neither a pass nor a block: request.output_undecided holds the call for a person.
# custom:
#   code: change.not_judged
#   message: The jury must judge this change before it is proposed, and it did not.
#   remedy: Try again shortly; if it lasts, ask the operator why the jury is not asked.
#   retry: retry
deny contains result.reason(rego.metadata.chain(), {}) if {
	output.consequential[input.action]
	not _failed
	not _judged
}

# What its schema has something against is shown to no jury.
_failed if input.evidence.schema == "failed"

# A veto stands as `failed`, of which change.evidence_failed speaks.
_judged if input.evidence.jury in {"passed", "failed", "no_verdict", "not_configured"}
