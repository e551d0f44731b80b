package jury.rules.no_consensus_test

import data.jury.rules.no_consensus
import data.lib.fixture_test as fixture

_votes(confidences) := [object.union(fixture.judging.votes[i], {"confidence": confidence}) |
	some i, confidence in confidences
]

_held(question) if {
	no_consensus.hold.reason.code == "jury.no_consensus"
		with input as question
		with data.compiled as fixture.compiled
}

test_not_held_with_consensus if {
	not no_consensus.hold with input as fixture.judging with data.compiled as fixture.compiled
}

test_held_at_just_eighty_percent if _held(object.union(fixture.judging, {"votes": _votes([80, 80, 80])}))

test_not_held_just_above if {
	not no_consensus.hold
		with input as object.union(fixture.judging, {"votes": _votes([80, 80, 81])})
		with data.compiled as fixture.compiled
}

# Two sure jurors of three are no consensus: the third was declared.
test_held_with_one_without_a_verdict if {
	silent := object.union(fixture.judging.votes[2], {"verdict": "no_verdict", "confidence": 0})
	_held(object.union(fixture.judging, {"votes": array.concat(_votes([99, 99]), [silent])}))
}

test_held_with_one_vote_missing if _held(object.union(fixture.judging, {"votes": _votes([99, 99])}))

test_held_with_one_vendor if {
	same := [object.union(juror, {"vendor": "one"}) | some juror in fixture.judging.roster]
	_held(object.union(fixture.judging, {"roster": same}))
}

test_held_with_one_juror if {
	_held(object.union(fixture.judging, {
		"roster": array.slice(fixture.judging.roster, 0, 1), "votes": _votes([99]),
	}))
}

test_held_without_roster if _held(object.remove(fixture.judging, ["roster"]))

test_not_held_for_what_needs_no_jury if {
	not no_consensus.hold
		with input as object.union(fixture.judging, {"type": "report", "votes": _votes([10, 10, 10])})
		with data.compiled as fixture.compiled
}

test_nothing_without_votes if {
	not no_consensus.hold
		with input as object.remove(fixture.judging, ["votes"])
		with data.compiled as fixture.compiled
}
