package change.rules.not_read_whole

import data.lib.change
import data.lib.result

# METADATA
# title: Some of the change could not be read
# custom:
#   code: change.not_read_whole
#   message: "The change could not be read whole ({kind}): {path} {detail}"
#   remedy: "Make the change smaller, or push it from a complete clone (git fetch --unshallow); then try again."
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found := change.irregular({"shallow", "truncated", "unreadable"})
