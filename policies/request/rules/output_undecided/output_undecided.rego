package request.rules.output_undecided

import data.lib.approval
import data.lib.call
import data.lib.output
import data.lib.result

# METADATA
# title: The jury has no verdict, so a person decides
# description: Neither a pass nor a block. A home without a jury has no verdict either.
# custom:
#   code: request.output_undecided
#   message: The jury has no verdict on this {output} ({why}), so a person must approve it.
#   remedy: Wait until this very call is approved, then send it again unchanged.
#   retry: retry
hold := {
	"reason": result.reason(rego.metadata.chain(), {
		"{output}": call.route.output,
		"{why}": _whys[input.validation.jury],
	}),
	"terms": approval.terms("output"),
} if {
	output.consequential[call.route.output]
	_whys[input.validation.jury]
	not approval.given.output
	not approval.standing.output
}

_whys := {
	"no_verdict": "the jurors do not agree, or not surely enough, or did not answer",
	"not_configured": "none is configured",
}
