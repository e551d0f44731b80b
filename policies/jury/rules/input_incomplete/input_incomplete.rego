package jury.rules.input_incomplete

import data.lib.result

# METADATA
# title: The question lacks a fact, or holds one of the wrong type, or a vote that nobody could give
# custom:
#   code: jury.input_incomplete
#   message: "The votes were not described completely; wrong or missing: {fields}."
#   remedy: >-
#     Nothing the asker can change. Ask the operator to run `doorless doctor`; the program that asked and the
#     policies do not fit.
deny contains result.reason(rego.metadata.chain(), {"{fields}": concat(", ", wrong)}) if count(wrong) > 0

# METADATA
# title: The names of the facts that are missing or wrong
# scope: document
# description: Each proof is a rule of its own, because `not` over a call is undefined where an argument is.
wrong contains name if {
	some name, _ in input
	not _facts[name]
}

wrong contains name if {
	some name in _facts
	not _proven[name]
}

_facts := {"version", "now", "type", "digest", "roster", "votes"}

_proven["version"] if input.version == "1"

_proven["now"] if floor(input.now) == input.now

_proven["type"] if is_string(input.type)

_proven["digest"] if regex.match(`^[0-9a-f]{64}$`, input.digest)

# No name stands there twice, or one juror would be two.
_proven["roster"] if {
	is_array(input.roster)
	count(_names) == count(input.roster)
	is_string(concat("", [juror.vendor | some juror in input.roster]))
}

# Each vote is a declared juror's, and the only one of that juror.
_proven["votes"] if {
	is_array(input.votes)
	count({vote.juror | some vote in input.votes} & _names) == count(input.votes)
	count([vote |
		some vote in input.votes
		vote.verdict in {"pass", "veto", "no_verdict"}
		floor(vote.confidence) == vote.confidence
		vote.confidence >= 0
		vote.confidence <= 100
		is_array(vote.findings)
	]) == count(input.votes)
}

_names contains juror.name if some juror in input.roster
