package jury.rules.veto_test

import data.jury.rules.veto
import data.lib.fixture_test as fixture

_finding := {"title": "It runs what it fetches.", "quote": "eval(text)"}

_voted(change) := object.union(fixture.judging, {"votes": array.concat(
	array.slice(fixture.judging.votes, 0, 2),
	[object.union(fixture.judging.votes[2], change)],
)})

test_caught if {
	some reason in veto.deny with input as _voted({"verdict": "veto", "findings": [_finding]})
	reason.message == "three vetoed it: It runs what it fetches."
}

test_not_caught_without_a_quote if count(veto.deny) == 0 with input as _voted({"verdict": "veto"})

test_not_caught_when_passed if count(veto.deny) == 0 with input as fixture.judging

test_nothing_without_votes if count(veto.deny) == 0 with input as object.remove(fixture.judging, ["votes"])
