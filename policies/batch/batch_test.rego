package batch_test

import data.batch
import data.lib.fixture_test as fixture
import data.request

test_answers_each_call_as_if_it_were_alone if {
	calls := [fixture.call, fixture.erasing, {}, 5]
	documents := batch.request with input as {"calls": calls} with data.compiled as fixture.compiled
	object.keys(documents) == {"0", "1", "2", "3"}
	every place, call in calls {
		alone := request.decision with input as call with data.compiled as fixture.compiled
		documents[format_int(place, 10)] == alone
	}
}

test_nothing_asked_is_nothing_answered if {
	batch.request == {} with input as {"calls": []}
	batch.request == {} with input as {}
}
