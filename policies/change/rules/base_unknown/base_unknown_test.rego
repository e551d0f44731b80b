package change.rules.base_unknown_test

import data.change.rules.base_unknown
import data.lib.fixture_test as fixture

test_caught[action] if {
	some action in ["create-pr", "merge"]
	reasons := _denials(_aimed(action, "agent/wf-2/other"))
	[reason.message | some reason in reasons] == [sprintf(
		"A change of code may be proposed to %s only, not to %s.",
		["main, staging", "agent/wf-2/other"],
	)]
}

test_not_caught[base] if {
	some base in ["main", "staging"]
	count(_denials(_aimed("create-pr", base))) == 0
}

test_not_caught_where_nothing_is_proposed if {
	count(_denials(_aimed("create-branch", "old"))) == 0
}

test_caught_without_a_base_or_a_service if {
	question := _aimed("merge", "main")
	count(_denials(object.remove(question, ["service"]))) == 1
	count(_denials(object.union(question, {"service": "elsewhere"}))) == 1
	count(_denials(object.remove(question, ["facts"]))) == 1
}

_aimed(action, base) := object.union(
	fixture.with_facts({"base": {"ref": base, "commit": "1111111111111111111111111111111111111111"}}),
	{"action": action, "via": "api"},
)

_denials(question) := found if {
	found := base_unknown.deny with input as question with data.compiled as fixture.compiled
}
