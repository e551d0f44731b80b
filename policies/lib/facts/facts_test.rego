package lib.facts_test

import data.lib.facts
import data.lib.fixture_test as fixture

test_everything_is_proven_of_a_good_change if {
	facts.proven == {concat(".", ["facts", name]) | some name, _ in fixture.change.facts} with input as fixture.change
}

test_nothing_is_proven_without_input if {
	facts.proven == set() with input as {}
}

test_numbers_and_people if {
	facts.is_whole(0)
	not facts.is_whole(-1)
	not facts.is_whole(0.5)
	facts.is_person(fixture.person)
	not facts.is_person({"name": "x"})
	not facts.is_person({"name": "x", "email": 1})
}
