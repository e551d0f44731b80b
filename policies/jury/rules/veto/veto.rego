package jury.rules.veto

import data.lib.result

# METADATA
# title: A juror vetoes, and proves it
# description: One is enough; a veto without a quote from the evidence is none.
# custom:
#   code: jury.veto
#   message: "{jurors} vetoed it: {titles}"
#   remedy: Change what is proposed; the votes in the log quote what speaks against it.
deny contains result.reason(rego.metadata.chain(), {
	"{jurors}": concat(", ", _proven),
	"{titles}": result.shown(concat(" ", [finding.title |
		some vote in input.votes
		_proven[vote.juror]
		some finding in vote.findings
	])),
}) if {
	count(_proven) > 0
}

_proven contains vote.juror if {
	some vote in input.votes
	vote.verdict == "veto"
	count(vote.findings) > 0
}
