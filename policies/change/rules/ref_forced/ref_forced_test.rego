package change.rules.ref_forced_test

import data.change.rules.ref_forced
import data.lib.fixture_test as fixture

_ref(kind) := fixture.with_facts({"refs": [object.union(fixture.change.facts.refs[0], {"change": kind})]})

test_caught if {
	_said(_ref("force")) == {"refs/heads/agent/wf-1/fix would lose commits that it has: that is a force push."}
}

test_not_caught if {
	count(_denials(_ref("update"))) == 0
}

test_nothing_without_refs if {
	count(_denials(object.remove(fixture.change, ["facts"]))) == 0
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := ref_forced.deny with input as question with data.compiled as fixture.compiled
}
