package change.rules.foreign_identity_test

import data.change.rules.foreign_identity
import data.lib.fixture_test as fixture

_other := {"name": "Ann", "email": "ann@acme.example"}

_commit(changed) := fixture.with_facts({"commits": [object.union(fixture.change.facts.commits[0], changed)]})

test_caught[part] if {
	some part, changed in {
		"author": {"author": _other}, "committer": {"committer": _other}, "co-author": {"co_authors": [_other]},
	}
	_said(_commit(changed)) == {sprintf(
		"Commit 222222222222 names Ann <ann@acme.example> as its %s; this workflow may name wf-1 <wf-1@agents.example> only.",
		[part],
	)}
}

test_caught_by_name_or_address_alone[note] if {
	some note, changed in {"name": {"name": "Ann"}, "address": {"email": "ann@acme.example"}}
	count(_denials(_commit({"author": object.union(fixture.person, changed)}))) == 1
}

test_not_caught if {
	count(_denials(fixture.change)) == 0
	count(_denials(_commit({"co_authors": [fixture.person]}))) == 0
}

_nobody := {"name": "", "email": ""}

test_not_caught_in_a_check_that_knows_of_nobody if {
	question := object.union(_commit({"author": _other}), {"identity": _nobody})
	count(_denials(object.union(question, {"action": "check"}))) == 0
	count(_denials(question)) == 2
}

test_nobody_is_nobodys_own if {
	nameless := _commit({"author": _nobody, "committer": _nobody})
	count(_denials(object.union(nameless, {"identity": _nobody}))) == 2
}

test_caught_without_identity if {
	some message in _said(object.remove(fixture.change, ["identity"]))
	contains(message, "may name its own identity only")
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := foreign_identity.deny with input as question with data.compiled as fixture.compiled
}
