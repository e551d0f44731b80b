package change.rules.irregular_name

import data.lib.change
import data.lib.result

# METADATA
# title: A name that file systems disagree about
# custom:
#   code: change.irregular_name
#   message: "{path} has a name that cannot be judged safely ({kind}): {detail}"
#   remedy: "Rename it to plain UTF-8 letters that no other name of the tree differs from by case or accents alone."
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found := change.irregular({"not_utf8", "bad_name", "case_twin", "unicode_twin"})
