package change.rules.irreversible_test

import data.change.rules.irreversible
import data.lib.fixture_test as fixture

test_held if {
	held := irreversible.hold with input as object.union(fixture.change, {"action": "merge"})
	held.terms.template == "merge"
	held.reason.code == "change.irreversible"
}

test_not_held[action] if {
	some action in ["create-branch", "create-pr", "check"]
	not irreversible.hold with input as object.union(fixture.change, {"action": action})
}

test_nothing_without_action if {
	not irreversible.hold with input as object.remove(fixture.change, ["action"])
}
