package change.rules.ref_forced

import data.lib.result

# METADATA
# title: A branch would lose commits
# custom:
#   code: change.ref_forced
#   message: "{ref} would lose commits that it has: that is a force push."
#   remedy: "Push new commits on top of the branch (git pull --rebase first), or push to a new branch."
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found contains {"path": "", "line": 0, "values": {"{ref}": ref.name}} if {
	some ref in input.facts.refs
	ref.change == "force"
}
