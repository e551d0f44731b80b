package change.rules.protected_path

import data.lib.change
import data.lib.result

# METADATA
# title: A path that no agent may change
# description: >-
#   Whatever the role says. The classes and their patterns are data, the one exception is here.
# custom:
#   code: change.protected_path
#   message: "{path} is protected ({class}): {why}"
#   remedy: >-
#     Leave this path as it is on the base, in every commit; a person can change it. The patterns stand in
#     protected.yaml.
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found contains {"path": path, "line": 0, "values": values} if {
	not change.of_people
	not _excepted
	some class, of in data.compiled.protected
	some path in change.matching(of)
	values := {"{path}": path, "{class}": class, "{why}": of.reason}
}

# Without the table nothing is known to be free.
_found contains {"path": "", "line": 0, "values": _everything} if {
	not change.of_people
	not _table
}

_everything := {
	"{path}": "Every path",
	"{class}": "all",
	"{why}": "There is no protected.yaml beside roles.yaml.",
}

_table if count(data.compiled.protected) > 0

# The one exception: the meta-workflow may make the policies stricter, and nothing else of what is protected.
_excepted if {
	input.role == change.meta_role
	_stricter
}

# Fewer grants, in a change that touches nothing but the roles.
_stricter if {
	input.protected_change.grants_subset == true
	{entry.path | some entry in change.entries} == {"policies/roles.yaml"}
	every file in input.facts.files {
		file.change == "modify"
		file.new_mode == "100644"
	}
	every entry in input.facts.touched { entry.mode == "100644" }
}

# One more folder with one more veto and its test, which needs no naming; rules, which do, stay closed.
_stricter if {
	input.protected_change.new_deny_rule == true
	count(_folders) == 1
	some [area, name] in _folders
	{form | some entry in change.entries; some form in [entry.path, entry.folded]} == {
		sprintf("policies/%s/vetoes/%s/%s.rego", [area, name, name]),
		sprintf("policies/%s/vetoes/%s/%s_test.rego", [area, name, name]),
	}
	every file in input.facts.files {
		file.change == "add"
		file.new_mode == "100644"
	}
	every touched in input.facts.touched { touched.mode == "100644" }
}

_folders contains [parts[1], parts[3]] if {
	some entry in change.entries
	parts := split(entry.path, "/")
}
