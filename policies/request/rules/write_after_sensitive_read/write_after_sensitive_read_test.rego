package request.rules.write_after_sensitive_read_test

import data.lib.fixture_test as fixture
import data.request.rules.write_after_sensitive_read

_marked := object.union(fixture.compiled, {"sensitive": {"people": true}})

_after(reads) := fixture.with_history(fixture.proposing, {"data_read": reads})

test_caught_after_reading_it if {
	said := write_after_sensitive_read.deny with input as _after(["bodies", "people"]) with data.compiled as _marked
	some reason in said
	reason.code == "request.write_after_sensitive_read"
	startswith(reason.message, "This workflow has read people, which is sensitive, so it may create-pr nothing")
}

test_not_caught_after_reading_something_else if {
	count(write_after_sensitive_read.deny) == 0 with input as _after(["bodies"]) with data.compiled as _marked
}

test_not_caught_for_one_more_read if {
	question := fixture.with_history(fixture.call, {"data_read": ["people"]})
	count(write_after_sensitive_read.deny) == 0 with input as question with data.compiled as _marked
}

test_not_caught_where_nothing_is_marked if {
	count(write_after_sensitive_read.deny) == 0 with input as _after(["people"]) with data.compiled as fixture.compiled
}

test_caught_without_the_fact if {
	count(write_after_sensitive_read.deny) == 1
		with input as object.remove(fixture.proposing, ["history"])
		with data.compiled as _marked
}

test_caught_where_the_fact_is_no_list_of_names[value] if {
	some value in ["people", [7], null, {"people": true}]
	count(write_after_sensitive_read.deny) == 1 with input as _after(value) with data.compiled as _marked
}

test_caught_without_the_table if {
	count(write_after_sensitive_read.deny) == 1
		with input as _after([])
		with data.compiled as object.remove(fixture.compiled, ["sensitive"])
}
