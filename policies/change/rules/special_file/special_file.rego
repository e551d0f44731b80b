package change.rules.special_file

import data.lib.change
import data.lib.result

# METADATA
# title: Something that is no plain file, or steers git itself
# description: >-
#   Symbolic links, submodules, odd modes, .gitattributes and .gitmodules need an explicit grant.
# custom:
#   code: change.special_file
#   message: "{path} is no plain file ({kind}), and the role {role} may not change such."
#   remedy: "Leave it out. The operator can add {kind} to the special_files of the role in roles.yaml."
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found contains {"path": path, "line": 0, "values": {"{path}": path, "{kind}": kind}} if {
	some [kind, path] in _special
	not _granted[kind]
}

_special contains [fact.kind, fact.path] if {
	some fact in input.facts.irregular
	fact.kind in {"mode", "symlink", "gitlink", "gitattributes", "gitmodules"}
}

_special contains [_kind(mode), file.path] if {
	some file in input.facts.files
	mode := file.new_mode
	not _plain[mode]
}

_special contains [_kind(mode), entry.path] if {
	some entry in input.facts.touched
	mode := entry.mode
	not _plain[mode]
}

_special contains [kind, path] if {
	some kind in ["gitattributes", "gitmodules"]
	of := {"match": sprintf(`^(?s:(?:.*/)?\.%s)$`, [kind]), "needles": [sprintf("/.%s/", [kind])]}
	some path in change.matching(of)
}

_plain := {"100644", "100755", ""}

_kind(mode) := object.get({"120000": "symlink", "160000": "gitlink"}, mode, "mode")

_granted[kind] if {
	some kind, true in data.compiled.roles[input.role].special_files
}
