package token.rules.ttl_out_of_range_test

import data.lib.fixture_test as fixture
import data.token.rules.ttl_out_of_range

test_caught_above if {
	some reason in ttl_out_of_range.deny
		with input as object.union(fixture.asking, {"ttl_s": 3601})
		with data.compiled as fixture.compiled
	reason.code == "token.ttl_out_of_range"
	reason.message == "A workflow lives 1 to 3600 seconds."
}

test_caught_below if {
	some reason in ttl_out_of_range.deny
		with input as object.union(fixture.asking, {"ttl_s": 0})
		with data.compiled as fixture.compiled
	reason.code == "token.ttl_out_of_range"
	reason.message == "A workflow lives 1 to 3600 seconds."
}

test_not_caught_at_the_ends[ttl_s] if {
	some ttl_s in [1, 3600]
	asking := object.union(fixture.asking, {"ttl_s": ttl_s})
	count(ttl_out_of_range.deny) == 0 with input as asking with data.compiled as fixture.compiled
}

test_caught_without_lifetime if {
	some reason in ttl_out_of_range.deny
		with input as object.remove(fixture.asking, ["ttl_s"])
		with data.compiled as fixture.compiled
	reason.code == "token.ttl_out_of_range"
	reason.message == "A workflow lives 1 to 3600 seconds."
}
