package change.rules.ref_deleted_test

import data.change.rules.ref_deleted
import data.lib.fixture_test as fixture

_ref(changed) := fixture.with_facts({"refs": [object.union(fixture.change.facts.refs[0], changed)]})

test_caught[note] if {
	some note, changed in {
		"as told": {"change": "delete"},
		"as git writes it": {"new": "0000000000000000000000000000000000000000"},
	}
	_said(_ref(changed)) == {"refs/heads/agent/wf-1/fix would be deleted, and no agent deletes a branch."}
}

test_not_caught if {
	count(_denials(fixture.change)) == 0
	count(_denials(_ref({"change": "update"}))) == 0
}

test_nothing_without_refs if {
	count(_denials(object.remove(fixture.change, ["facts"]))) == 0
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := ref_deleted.deny with input as question with data.compiled as fixture.compiled
}
