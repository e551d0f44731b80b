package change.rules.no_common_base_test

import data.change.rules.no_common_base
import data.lib.fixture_test as fixture

test_caught[note] if {
	some note, facts in {
		"without a merge base": {"merge_base": ""},
		"with an orphan": {"irregular": [{"kind": "orphan", "path": "", "detail": "2222"}]},
	}
	_said(fixture.with_facts(facts)) == {
		"The change holds commits that do not grow from main, so what it changes cannot be told.",
	}
}

test_not_caught if {
	count(_denials(fixture.change)) == 0
	count(_denials(fixture.with_facts({"irregular": [{"kind": "mode", "path": "x", "detail": ""}]}))) == 0
}

test_caught_without_merge_base if {
	facts := object.remove(fixture.change.facts, ["merge_base"])
	count(_denials(object.union(object.remove(fixture.change, ["facts"]), {"facts": facts}))) == 1
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := no_common_base.deny with input as question with data.compiled as fixture.compiled
}
