package change.rules.special_file_test

import data.change.rules.special_file
import data.lib.fixture_test as fixture

_file(changed) := fixture.with_facts({"files": [object.union(fixture.file("src/x"), changed)], "touched": []})

_on_the_way(mode) := fixture.with_facts({"touched": [{"path": "src/x", "folded": "src/x", "mode": mode}]})

test_caught[note] if {
	some note, [question, kind, path] in {
		"link": [_file({"new_mode": "120000"}), "symlink", "src/x"],
		"submodule": [_file({"new_mode": "160000"}), "gitlink", "src/x"],
		"odd mode": [_file({"new_mode": "100600"}), "mode", "src/x"],
		"link on the way": [_on_the_way("120000"), "symlink", "src/x"],
		"attributes": [
			fixture.with_facts({"files": [fixture.file("a/.gitattributes")]}),
			"gitattributes", "a/.gitattributes",
		],
		"modules": [fixture.with_facts({"files": [fixture.file(".GitModules")]}), "gitmodules", ".GitModules"],
		"as told": [
			fixture.with_facts({"irregular": [{"kind": "gitlink", "path": "y", "detail": ""}]}),
			"gitlink", "y",
		],
	}
	_said(question) == {sprintf("%s is no plain file (%s), and the role coder may not change such.", [path, kind])}
}

test_not_caught[note] if {
	some note, question in {
		"as it stands": fixture.change,
		"program": _file({"new_mode": "100755"}),
		"a link that goes": _file({"change": "delete", "old_mode": "120000", "new_mode": ""}),
		"a name that is alike": fixture.with_facts({"files": [fixture.file("a/x.gitattributes")]}),
	}
	count(_denials(question)) == 0
}

test_not_caught_where_granted if {
	tables := object.union(fixture.compiled, {"roles": {"coder": {"special_files": {"symlink": true}}}})
	count(special_file.deny) == 0 with input as _file({"new_mode": "120000"}) with data.compiled as tables
	count(special_file.deny) == 1 with input as _file({"new_mode": "160000"}) with data.compiled as tables
}

test_caught_without_role if {
	count(_denials(object.remove(_file({"new_mode": "120000"}), ["role"]))) == 1
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := special_file.deny with input as question with data.compiled as fixture.compiled
}
