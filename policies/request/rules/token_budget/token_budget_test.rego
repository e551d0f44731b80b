package request.rules.token_budget_test

import data.lib.fixture_test as fixture
import data.request.rules.token_budget

_limited := json.patch(fixture.compiled, [
	{"op": "add", "path": "/roles/reader/max_tokens_per_workflow", "value": 100},
	{"op": "add", "path": "/roles/reader/max_tokens_per_day", "value": 1000},
])

_spent(workflow, role_today) := object.union(
	fixture.call,
	{"tokens_spent": {"workflow": workflow, "role_today": role_today}},
)

_messages(question) := messages if {
	messages := {reason.message | some reason in token_budget.deny}
		with input as question
		with data.compiled as _limited
}

test_caught_by_workflow if {
	_messages(_spent(100, 100)) == {"This workflow has spent 100 of the 100 tokens that max_tokens_per_workflow allows."}
}

test_caught_by_role_and_day if {
	some message in _messages(_spent(0, 1500))
	endswith(message, "This role has spent 1500 of the 1000 tokens that max_tokens_per_day allows.")
}

test_not_caught_below if count(_messages(_spent(99, 999))) == 0

test_not_caught_without_a_budget if {
	count(token_budget.deny) == 0 with input as _spent(10000, 10000) with data.compiled as fixture.compiled
}

test_caught_without_the_fact if count(_messages(object.remove(fixture.call, ["tokens_spent"]))) == 2
