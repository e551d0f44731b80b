package change.rules.ref_outside_namespace_test

import data.change.rules.ref_outside_namespace
import data.lib.fixture_test as fixture

_pushing(names) := fixture.with_facts({"refs": [object.union(fixture.change.facts.refs[0], {"name": name}) |
	some name in names
]})

test_caught[name] if {
	some name in [
		"refs/heads/main", "refs/heads/agent/wf-2/fix", "refs/heads/agent/wf-1", "refs/heads/agent/wf-1/",
		"refs/tags/v1", "refs/notes/commits", "refs/replace/2222", "HEAD", "refs/heads/agent/wf-10/fix",
	]
	_said(_pushing([name])) == {
		sprintf("%s may not be changed: this workflow has refs/heads/agent/wf-1/ only.", [name]),
	}
}

test_caught_beside_a_good_one if {
	count(_denials(_pushing(["refs/heads/agent/wf-1/fix", "refs/heads/main"]))) == 1
}

test_not_caught if {
	count(_denials(fixture.change)) == 0
	count(_denials(object.union(_pushing(["refs/heads/main"]), {"action": "check"}))) == 0
}

test_caught_where_the_namespace_is_not_the_workflows_own[note] if {
	some note, changed in {
		"wider": {"namespace": "refs/heads/"},
		"empty": {"namespace": ""},
		"of another": {"namespace": "refs/heads/agent/wf-2/"},
		"of no workflow": {"namespace": "refs/heads/agent//", "workflow": ""},
	}
	count(_denials(object.union(fixture.change, changed))) == 1
}

test_caught_without_workflow if {
	count(_denials(object.remove(fixture.change, ["workflow"]))) == 1
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := ref_outside_namespace.deny with input as question with data.compiled as fixture.compiled
}
