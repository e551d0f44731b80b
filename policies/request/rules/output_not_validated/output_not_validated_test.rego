package request.rules.output_not_validated_test

import data.lib.fixture_test as fixture
import data.request.rules.output_not_validated

_denied(question) if {
	some reason in output_not_validated.deny with input as question with data.compiled as fixture.compiled
	reason.code == "request.output_not_validated"
	contains(reason.message, " as create-pr ")
}

test_caught_without_validation if {
	_denied(object.union(fixture.proposing, {"validation": fixture.call.validation}))
}

test_caught_without_a_digest if _denied(object.union(fixture.proposing, {"body_sha256": ""}))

test_caught_as_another_type if _denied(fixture.validated({"type": "report"}))

test_caught_where_nobody_looked if _denied(fixture.validated({"schema": "absent"}))

test_caught_with_a_state_that_nobody_knows if _denied(fixture.validated({"schema": "fine"}))

test_caught_without_the_facts[fact] if {
	some fact in ["validation", "body_sha256"]
	_denied(object.remove(fixture.proposing, [fact]))
}

test_not_caught_once_validated if {
	count(output_not_validated.deny) == 0 with input as fixture.proposing with data.compiled as fixture.compiled
}

test_not_caught_on_a_route_without_output if {
	count(output_not_validated.deny) == 0 with input as fixture.call with data.compiled as fixture.compiled
}

test_nothing_without_route if {
	count(output_not_validated.deny) == 0
		with input as object.remove(fixture.proposing, ["route"])
		with data.compiled as fixture.compiled
}
