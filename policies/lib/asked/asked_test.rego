package lib.asked_test

import data.lib.asked
import data.lib.fixture_test as fixture

test_the_whole_role if {
	asked.narrowed == {"reports": ["ping", "read:bodies"], "series": ["read:points"]} with input as fixture.asking
		with data.compiled as fixture.compiled
}

test_a_part_and_what_is_beyond if {
	question := object.union(fixture.asking, {"only": ["erase:bodies", "read:points"]})
	asked.narrowed == {"series": ["read:points"]}
		with input as question
		with data.compiled as fixture.compiled
	asked.beyond == {"erase:bodies"} with input as question with data.compiled as fixture.compiled
}

test_nothing_is_given_without_input if {
	asked.narrowed == {} with input as {} with data.compiled as fixture.compiled
	asked.beyond == set() with input as {} with data.compiled as fixture.compiled
	not asked.role_known with input as {} with data.compiled as fixture.compiled
}
