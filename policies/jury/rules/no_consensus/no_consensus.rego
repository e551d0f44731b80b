package jury.rules.no_consensus

import data.lib.approval
import data.lib.output
import data.lib.result

# METADATA
# title: The jurors do not agree surely enough
# description: >-
#   Consensus is what all declared jurors come to: every one voted, two of different vendors at least passed it, and
#   confidence, over everybody who was declared, is more than 0.8. Who has no verdict counts as nothing.
# custom:
#   code: jury.no_consensus
#   message: "The jurors came to no consensus: {passes} of {declared} passed it, at a confidence of {confidence} %."
#   remedy: A person decides.
#   retry: retry
hold := {
	"reason": result.reason(rego.metadata.chain(), {
		"{passes}": format_int(count(_passes), 10),
		"{declared}": format_int(count(object.get(input, "roster", [])), 10),
		"{confidence}": format_int(floor(confidence), 10),
	}),
	"terms": approval.terms("output"),
} if {
	count(input.votes) > 0
	output.consequential[input.type]
	not _consensus
}

# METADATA
# title: The confidence of the whole jury in percent
# scope: document
default confidence := 0

confidence := sum([vote.confidence | some vote in _passes]) / count(input.roster)

_consensus if {
	count({vote.juror | some vote in input.votes} & object.keys(_vendors)) == count(input.roster)
	count({_vendors[vote.juror] | some vote in _passes}) >= 2
	confidence > 80
}

_passes contains vote if {
	some vote in input.votes
	vote.verdict == "pass"
}

_vendors[juror.name] := juror.vendor if some juror in input.roster
