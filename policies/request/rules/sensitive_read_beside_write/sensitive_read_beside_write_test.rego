package request.rules.sensitive_read_beside_write_test

import data.lib.fixture_test as fixture
import data.request.rules.sensitive_read_beside_write

_marked := object.union(fixture.compiled, {"sensitive": {"bodies": true}})

_beside(actions) := fixture.with_history(fixture.call, {"under_way": actions})

test_caught_beside_a_write if {
	said := sensitive_read_beside_write.deny with input as _beside(["read", "write"]) with data.compiled as _marked
	some reason in said
	reason.retry == "retry"
	startswith(reason.message, "bodies is sensitive, and this workflow has a call under way that may write (write)")
}

test_caught_whatever_the_fetching_is_called if {
	question := object.union(_beside(["write"]), {"action": "search"})
	count(sensitive_read_beside_write.deny) == 1 with input as question with data.compiled as _marked
}

test_not_caught_beside_reads if {
	count(sensitive_read_beside_write.deny) == 0 with input as _beside(["read"]) with data.compiled as _marked
}

test_not_caught_for_what_is_not_sensitive if {
	count(sensitive_read_beside_write.deny) == 0 with input as _beside(["write"]) with data.compiled as fixture.compiled
}

test_not_caught_for_what_fetches_nothing if {
	question := object.union(_beside(["write"]), {"action": "erase", "method": "DELETE"})
	count(sensitive_read_beside_write.deny) == 0 with input as question with data.compiled as _marked
}

test_caught_where_the_fact_is_no_list_of_names[value] if {
	some value in ["read", [7], null, {"read": true}]
	count(sensitive_read_beside_write.deny) == 1 with input as _beside(value) with data.compiled as _marked
}

test_caught_without_the_fact if {
	count(sensitive_read_beside_write.deny) == 1
		with input as object.remove(fixture.call, ["history"])
		with data.compiled as _marked
}
