package change.rules.no_common_base

import data.lib.change
import data.lib.result

# METADATA
# title: The change does not grow from the base
# custom:
#   code: change.no_common_base
#   message: "The change holds commits that do not grow from {base}, so what it changes cannot be told."
#   remedy: "Begin a branch at {base} and make the change there."
deny contains result.reason(rego.metadata.chain(), {"{base}": result.shown(input.facts.base.ref)}) if not _rooted

_rooted if {
	count(input.facts.merge_base) > 0
	count(_orphans) == 0
}

_orphans := change.irregular({"orphan"})
