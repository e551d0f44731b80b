package change.rules.replaced_objects

import data.lib.change
import data.lib.result

# METADATA
# title: Objects are replaced or borrowed
# custom:
#   code: change.replaced_objects
#   message: "The repository replaces or borrows objects ({kind}), so one commit can mean two things: {path} {detail}"
#   remedy: "Remove replace refs, grafts and alternates (git replace --delete, git repack -a -d), then try again."
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found := change.irregular({"replace_ref", "graft", "alternates"})
