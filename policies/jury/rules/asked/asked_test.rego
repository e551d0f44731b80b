package jury.rules.asked_test

import data.jury.rules.asked
import data.lib.fixture_test as fixture

test_granted_with_votes if asked.grant with input as fixture.judging

test_not_granted_without if not asked.grant with input as object.union(fixture.judging, {"votes": []})

test_not_granted_without_the_fact if not asked.grant with input as object.remove(fixture.judging, ["votes"])
