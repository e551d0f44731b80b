package change.rules.scope_not_in_token

import data.lib.change
import data.lib.result

# METADATA
# title: The workflow was given less than its role
# custom:
#   code: change.scope_not_in_token
#   message: "This workflow was started without {word}, which its role {role} has."
#   remedy: "Ask the operator to start a workflow with {word} in --only, or without --only."
deny contains result.reason(rego.metadata.chain(), {"{word}": change.word}) if {
	not change.checking
	change.covered
	not _in_token
}

_in_token if change.word in input.scope
