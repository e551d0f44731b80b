package request.rules.output_vetoed

import data.lib.call
import data.lib.result

# METADATA
# title: The jury vetoed what would take effect
# description: No grant and no approval outweighs it; another document may be judged otherwise.
# custom:
#   code: request.output_vetoed
#   message: The jury vetoed this {output}.
#   remedy: Change what you propose; sent again as it is, it stays vetoed. The decision id leads people to the votes.
deny contains result.reason(rego.metadata.chain(), {"{output}": call.route.output}) if {
	call.route.output > ""
	input.validation.jury == "veto"
}
