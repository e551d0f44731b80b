package request.rules.output_not_judged

import data.lib.call
import data.lib.output
import data.lib.result

# METADATA
# title: What has consequences was not shown to the jury
# description: >-
#   The gateway asks the jury where this is all that speaks against a call, and then asks policy again. Every state that
#   is none of the four is as good as no jury.
# custom:
#   code: request.output_not_judged
#   message: A {output} must be judged by the jury before it takes effect, and it was not.
#   remedy: Try again shortly; if it lasts, ask the operator why the jury is not asked.
#   retry: retry
deny contains result.reason(rego.metadata.chain(), {"{output}": call.route.output}) if {
	output.consequential[call.route.output]
	not _failed
	not _judged
}

# What its schema has something against is shown to no jury.
_failed if input.validation.schema == "failed"

_judged if input.validation.jury in {"passed", "veto", "no_verdict", "not_configured"}
