package jury_test

import data.jury
import data.lib.fixture_test as fixture

_decided(change) := answer if {
	answer := jury.decision with input as object.union(fixture.judging, change) with data.compiled as fixture.compiled
}

_codes(change) := {reason.code | some reason in _decided(change).reasons}

_veto := object.union(fixture.judging.votes[2], {
	"verdict": "veto",
	"findings": [{"title": "It hides.", "quote": "what it does"}],
})

test_passed if _decided({}).allow == true

test_no_jury_is_needed_for_a_report if _decided({"type": "report", "votes": [], "roster": []}).allow == true

test_not_asked if {
	_decided({"votes": []}).hold == null
	_codes({"votes": []}) == {"jury.not_asked"}
}

test_one_veto_outweighs_everybody if {
	votes := array.concat(array.slice(fixture.judging.votes, 0, 2), [_veto])
	_decided({"votes": votes}).hold == null
	_codes({"votes": votes}) == {"jury.veto"}
}

test_no_consensus_goes_to_a_person if {
	votes := [object.union(vote, {"confidence": 50}) | some vote in fixture.judging.votes]
	_decided({"votes": votes}).allow == false
	_decided({"votes": votes}).hold.template == "output"
}

# What can only tighten hands out nothing: no credential, no token.
test_it_obliges_to_nothing if _decided({}).obligations == []
