package request.rules.output_vetoed_test

import data.lib.fixture_test as fixture
import data.request.rules.output_vetoed

test_caught if {
	some reason in output_vetoed.deny
		with input as fixture.validated({"jury": "veto"})
		with data.compiled as fixture.compiled
	reason.message == "The jury vetoed this create-pr."
}

test_not_caught_when_passed if {
	count(output_vetoed.deny) == 0 with input as fixture.proposing with data.compiled as fixture.compiled
}

# Without the fact there is nothing to say here: `output_not_judged` denies.
test_nothing_without_validation if {
	count(output_vetoed.deny) == 0
		with input as object.remove(fixture.proposing, ["validation"])
		with data.compiled as fixture.compiled
}
