package change.rules.protected_path_test

import data.change.rules.protected_path
import data.lib.fixture_test as fixture

_changing(path) := fixture.with_facts({"files": [fixture.file(path)], "touched": []})

test_caught[path] if {
	some path, class in {
		"tests/x": "tests", "a/tests/b/c": "tests", "conftest.py": "tests", "a/ConfTest.py": "tests",
		"policies/x.rego": "policies", "Policies/x": "policies",
	}
	some message in _said(_changing(path))
	startswith(message, sprintf("%s is protected (%s): What ", [path, class]))
}

test_caught_on_the_way if {
	touched := [{"path": "tests/x", "folded": "tests/x", "mode": ""}]
	count(_denials(fixture.with_facts({"touched": touched}))) == 1
}

test_caught_by_every_class if {
	count(_denials(_changing("policies/tests/x"))) == 2
}

test_not_caught[path] if {
	some path in ["testsuite/x", "src/app.py", "a/policies/x", "conftest.pyi"]
	count(_denials(_changing(path))) == 0
}

test_not_caught_for_people if {
	count(_denials(object.union(_changing("tests/x"), {"role": "maintainer"}))) == 0
}

test_caught_without_a_table if {
	some reason in protected_path.deny with input as fixture.change
		with data.compiled as object.remove(fixture.compiled, ["protected"])
	startswith(reason.message, "Every path is protected (all)")
}

test_caught_without_role if {
	count(_denials(object.remove(_changing("tests/x"), ["role"]))) == 1
}

_stricter := {"grants_subset": true, "new_deny_rule": false}

_vetoing := {"grants_subset": false, "new_deny_rule": true}

_roles_alone := object.union(_changing("policies/roles.yaml"), {
	"role": "meta-workflow",
	"protected_change": _stricter,
})

_added := [object.union(fixture.file(path), {"change": "add", "old_mode": ""}) |
	some path in ["policies/request/vetoes/late/late.rego", "policies/request/vetoes/late/late_test.rego"]
]

_new_veto := object.union(fixture.with_facts({"files": _added, "touched": []}), {
	"role": "meta-workflow",
	"protected_change": _vetoing,
})

test_the_meta_workflow_may_make_policies_stricter if {
	count(_denials(_roles_alone)) == 0
	count(_denials(_new_veto)) == 0
}

test_and_nothing_else[note] if {
	some note, [question, changed] in {
		"as another role": [_roles_alone, {"role": "coder"}],
		"without the proof": [_roles_alone, {"protected_change": _vetoing}],
		"with more than roles": [_roles_alone, {"facts": {"files": [
			fixture.file("policies/roles.yaml"), fixture.file("src/app.py"), fixture.file("tests/x"),
		]}}],
		"with more on the way": [_roles_alone, {"facts": {"touched": [
			{"path": "policies/x", "folded": "policies/x", "mode": "100644"},
		]}}],
		"with another mode": [_roles_alone, {"facts": {"files": [
			object.union(fixture.file("policies/roles.yaml"), {"new_mode": "100755"}),
		]}}],
		"with another mode on the way": [_roles_alone, {"facts": {"touched": [
			{"path": "policies/roles.yaml", "folded": "policies/roles.yaml", "mode": "120000"},
		]}}],
		"without the roles": [_roles_alone, {"facts": {"files": [
			object.union(fixture.file("policies/roles.yaml"), {"change": "delete", "new_mode": ""}),
		]}}],
		"a veto as another role": [_new_veto, {"role": "coder"}],
		"a veto without the proof": [_new_veto, {"protected_change": _stricter}],
		"a veto without its test": [_new_veto, {"facts": {"files": [_added[0]]}}],
		"a veto and another file": [_new_veto, {"facts": {"files": array.concat(_added, [fixture.file("policies/x")])}}],
		"an existing veto": [_new_veto, {"facts": {"files": [
		object.union(file, {"change": "modify"}) | some file in _added]}}],
		"a veto with another mode": [_new_veto, {"facts": {"files": [
		object.union(file, {"new_mode": "100755"}) | some file in _added]}}],
		"a veto with another mode on the way": [_new_veto, {"facts": {"touched": [
			{"path": _added[0].path, "folded": _added[0].folded, "mode": "120000"},
		]}}],
		"the library": [_new_veto, {"facts": {"files": [
		object.union(_added[0], {"path": path, "folded": path}) |
			some path in ["policies/lib/vetoes/late/late.rego", "policies/lib/late/vetoes/late_test.rego"]
		]}}],
		"a rule": [_new_veto, {"facts": {"files": [
		object.union(_added[0], {"path": path, "folded": path}) |
			some path in ["policies/request/rules/late/late.rego", "policies/request/rules/late/late_test.rego"]
		]}}],
	}
	count(_denials(object.union(question, changed))) > 0
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := protected_path.deny with input as question with data.compiled as fixture.compiled
}
