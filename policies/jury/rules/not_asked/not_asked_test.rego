package jury.rules.not_asked_test

import data.jury.rules.not_asked
import data.lib.fixture_test as fixture

test_caught if {
	some reason in not_asked.lacks with input as object.union(fixture.judging, {"votes": []})
	reason.message == "A create-pr needs the jury, and no juror has voted."
}

test_not_caught_with_votes if count(not_asked.lacks) == 0 with input as fixture.judging

test_caught_without_the_fact if count(not_asked.lacks) == 1 with input as object.remove(fixture.judging, ["votes"])
