package request.rules.output_invalid

import data.lib.call
import data.lib.result

# METADATA
# title: What would take effect is not what its schema says
# custom:
#   code: request.output_invalid
#   message: "The body is no {output}: {problems}"
#   remedy: "Mend the document and send it again; `doorless validate` says the same beforehand."
deny contains result.reason(rego.metadata.chain(), {
	"{output}": call.route.output,
	"{problems}": result.shown(concat(" ", input.validation.problems)),
}) if {
	call.route.output > ""
	input.validation.schema == "failed"
}
