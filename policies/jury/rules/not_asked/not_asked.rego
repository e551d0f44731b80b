package jury.rules.not_asked

import data.lib.result

# METADATA
# title: The jury was not asked yet
# custom:
#   code: jury.not_asked
#   message: A {type} needs the jury, and no juror has voted.
#   remedy: Ask the jurors, and ask again with their votes.
#   audience: operator
#   retry: retry
lacks contains result.reason(rego.metadata.chain(), {"{type}": object.get(input, "type", "document")}) if not _votes

_votes if count(input.votes) > 0
