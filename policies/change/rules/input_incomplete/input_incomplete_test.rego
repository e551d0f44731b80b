package change.rules.input_incomplete_test

import data.change.rules.input_incomplete
import data.lib.fixture_test as fixture

test_not_caught_when_complete if {
	count(input_incomplete.deny) == 0 with input as fixture.change
}

test_caught_without[field] if {
	some field, _ in object.remove(fixture.change, ["facts"])
	_wrong(object.remove(fixture.change, [field])) == {field}
}

test_caught_without_fact[field] if {
	some field, _ in fixture.change.facts
	facts := object.remove(fixture.change.facts, [field])
	_wrong(object.union(object.remove(fixture.change, ["facts"]), {"facts": facts})) == {_named[field]}
}

test_caught_as_null[field] if {
	some field, _ in object.remove(fixture.change, ["facts", "approval"])
	_wrong(object.union(fixture.change, {field: null})) == {field}
}

test_caught_as_null_fact[field] if {
	some field, _ in fixture.change.facts
	_wrong(fixture.with_facts({field: null})) == {_named[field]}
}

test_caught_with_an_unknown_fact if {
	_wrong(object.union(fixture.change, {"urgent": true})) == {"urgent"}
	_wrong(fixture.with_facts({"urgent": true})) == {"facts.urgent"}
	_wrong(object.union(fixture.change, {"facts.head": "x"})) == {"facts.head"}
}

test_caught_wrong[note] if {
	some note, [field, value] in {
		"other version": ["version", "2"],
		"broken time": ["now", 1.5],
		"number workflow": ["workflow", 7],
		"text scope": ["scope", "read"],
		"number in what is required": ["require", [7]],
		"other action": ["action", "approve"],
		"other door": ["via", "window"],
		"one too many about a person": ["identity", {"name": "a", "email": "b", "x": 1}],
		"text findings": ["findings", "none"],
		"half a finding": ["findings", [{"rule": "x"}]],
		"number in evidence": ["evidence", {"tests": 7}],
		"other evidence": ["evidence", {"tests": "skipped"}],
		"text approval": ["approval", "yes"],
		"number as a digest": ["call_sha256", 7],
		"number who performs": ["performed_by", 7],
		"text proof": ["protected_change", {"grants_subset": "yes", "new_deny_rule": false}],
	}
	_wrong(object.union(object.remove(fixture.change, [field]), {field: value})) == {field}
}

test_caught_wrong_fact[note] if {
	some note, [field, value] in {
		"no refs": ["refs", []],
		"other change of a ref": ["refs", [object.union(fixture.change.facts.refs[0], {"change": "bend"})]],
		"half a base": ["base", {"ref": "main"}],
		"negative total": ["totals", {"files": 1, "lines": -1, "bytes": 0}],
		"one too many about a file": ["files", [object.union(fixture.file("a"), {"x": 1})]],
		"number path": ["files", [object.union(fixture.file("a"), {"path": 1})]],
		"other change of a file": ["files", [object.union(fixture.file("a"), {"change": "bend"})]],
		"negative lines": ["files", [object.union(fixture.file("a"), {"lines": -1})]],
		"broken lines": ["files", [object.union(fixture.file("a"), {"lines": 0.5})]],
		"text lines": ["files", [object.union(fixture.file("a"), {"lines": "1"})]],
		"negative bytes": ["files", [object.union(fixture.file("a"), {"bytes": -1})]],
		"text binary": ["files", [object.union(fixture.file("a"), {"binary": "no"})]],
		"a good file and a bad one": ["files", [fixture.file("b"), {"path": "a"}]],
		"object of files": ["files", {"a": fixture.file("a")}],
		"half a touched path": ["touched", [{"path": "a", "folded": "a"}]],
		"half a commit": ["commits", [{"id": "a"}]],
		"text co-author": ["commits", [object.union(fixture.change.facts.commits[0], {"co_authors": ["Ann"]})]],
		"other signature": ["commits", [object.union(fixture.change.facts.commits[0], {"signature": "good"})]],
		"half a secret": ["secrets", [{"rule": "x"}]],
		"other kind": ["irregular", [{"kind": "odd", "path": "", "detail": ""}]],
	}
	facts := object.union(object.remove(fixture.change.facts, [field]), {field: value})
	_wrong(object.union(object.remove(fixture.change, ["facts"]), {"facts": facts})) == {_named[field]}
}

test_whole_facts_are_not_caught if {
	_wrong(fixture.with_facts({
		"secrets": [{"rule": "x", "path": "a", "commit": "b", "line": 1}],
		"irregular": [{"kind": "orphan", "path": "", "detail": ""}],
		"commits": [object.union(fixture.change.facts.commits[0], {"co_authors": [fixture.person]})],
	})) == set()
	finding := {"rule": "x", "path": "a", "line": 1, "severity": "ERROR", "message": "m"}
	evidence := {"tests": "passed", "jury": "no_verdict"}
	_wrong(object.union(fixture.change, {"findings": [finding], "evidence": evidence})) == set()
	_wrong(object.union(fixture.change, {"approval": fixture.approval})) == set()
}

test_a_check_needs_no_refs if {
	question := object.union(fixture.with_facts({"refs": []}), {"action": "check"})
	_wrong(question) == set()
}

test_names_all_that_is_wrong if {
	count(_wrong(5)) == 30
	some reason in input_incomplete.deny with input as 5
	contains(reason.message, "facts.files, ")
}

_named[field] := concat(".", ["facts", field]) if some field, _ in fixture.change.facts

_wrong(question) := found if {
	found := input_incomplete.wrong with input as question
}
