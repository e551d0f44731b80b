package request.rules.output_invalid_test

import data.lib.fixture_test as fixture
import data.request.rules.output_invalid

test_caught_with_what_is_wrong if {
	question := fixture.validated({"schema": "failed", "problems": ["/title The schema says: maxLength 256."]})
	some reason in output_invalid.deny with input as question with data.compiled as fixture.compiled
	reason.code == "request.output_invalid"
	reason.message == "The body is no create-pr: /title The schema says: maxLength 256."
}

test_not_caught_where_it_is_right if {
	count(output_invalid.deny) == 0 with input as fixture.proposing with data.compiled as fixture.compiled
}

# Without the fact there is nothing to say here: `output_not_validated` denies.
test_nothing_without_validation if {
	count(output_invalid.deny) == 0
		with input as object.remove(fixture.proposing, ["validation"])
		with data.compiled as fixture.compiled
}
