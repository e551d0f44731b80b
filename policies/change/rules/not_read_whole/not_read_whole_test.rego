package change.rules.not_read_whole_test

import data.change.rules.not_read_whole
import data.lib.fixture_test as fixture

_with(kind) := fixture.with_facts({"irregular": [{"kind": kind, "path": "a/b", "detail": "why"}]})

test_caught[kind] if {
	some kind in ["shallow", "truncated", "unreadable"]
	_said(_with(kind)) == {sprintf("The change could not be read whole (%s): a/b why", [kind])}
}

test_not_caught if {
	count(_denials(fixture.change)) == 0
	count(_denials(_with("mode"))) == 0
}

test_nothing_without_facts if {
	count(_denials(object.remove(fixture.change, ["facts"]))) == 0
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := not_read_whole.deny with input as question with data.compiled as fixture.compiled
}
