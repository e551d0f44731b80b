package lib.change_test

import data.lib.change
import data.lib.fixture_test as fixture

test_proven if {
	change.role_known with input as fixture.change with data.compiled as fixture.compiled
	change.service_granted with input as fixture.change with data.compiled as fixture.compiled
	change.proposes with input as fixture.change with data.compiled as fixture.compiled
	change.covered with input as fixture.change with data.compiled as fixture.compiled
	change.word == "create-branch" with input as fixture.change
	not change.of_people with input as fixture.change with data.compiled as fixture.compiled
	not change.checking with input as fixture.change
}

test_a_word_with_data if {
	change.word == "create-branch:code" with input as object.union(fixture.change, {"data": "code"})
}

test_people if {
	change.of_people with input as {"role": "maintainer"} with data.compiled as fixture.compiled
}

test_nothing_is_proven_without_tables_or_input if {
	not change.covered with input as fixture.change with data.compiled as {}
	not change.covered with input as {} with data.compiled as fixture.compiled
	not change.role_known with input as {} with data.compiled as fixture.compiled
	not change.of_people with input as {} with data.compiled as fixture.compiled
	not change.proposes with input as {} with data.compiled as fixture.compiled
	not change.service_granted with input as {} with data.compiled as fixture.compiled
	not change.entries with input as {}
	change.irregular({"mode"}) == set() with input as {}
}

test_matching_finds_what_is_written_or_folded if {
	question := fixture.with_facts({"files": [fixture.file("A/x"), fixture.file("b/x")]})
	of := {"match": "^a/.*$", "needles": ["/a/"]}
	change.matching(of) == {"A/x"} with input as question
	change.matching(object.union(of, {"needles": ["/z/"]})) == set() with input as question
}
