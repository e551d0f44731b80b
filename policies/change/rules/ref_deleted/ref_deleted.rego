package change.rules.ref_deleted

import data.lib.result

# METADATA
# title: A branch would be deleted
# custom:
#   code: change.ref_deleted
#   message: "{ref} would be deleted, and no agent deletes a branch."
#   remedy: "Leave the branch; push what you want to keep to another one."
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found contains {"path": "", "line": 0, "values": {"{ref}": ref.name}} if {
	some ref in input.facts.refs
	_deleted(ref)
}

_deleted(ref) if ref.change == "delete"

# Whatever the description calls it: this is how git writes a deletion.
_deleted(ref) if regex.match(`^0+$`, ref.new)
