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

test_not_held_once_enough_persons_approved_this_very_call if {
	not irreversible.hold with input as _approved({}) with data.compiled as fixture.compiled
}

test_held_where_anything_about_the_approval_is_short[changed] if {
	some changed in [
		{"approvers": ["ada"]},
		{"approvers": ["ada", "wf-1"]},
		{"template": "irreversible"},
		{"template": "output"},
		{"standing": true},
		{"revision_matches": false},
		{"expires_at": 1763889999},
		{"call_sha256": ""},
	]
	irreversible.hold with input as _approved(changed) with data.compiled as fixture.compiled
}

test_held_whatever_the_jury_says[state] if {
	some state in ["passed", "no_verdict"]
	irreversible.hold with input as object.union(fixture.change, {"action": "merge", "evidence": {"jury": state}})
}

_approved(changed) := object.union(fixture.change, {
	"action": "merge", "via": "api", "call_sha256": fixture.digest,
	"approval": object.union_n([fixture.approval, {"template": "merge", "approvers": ["ada", "bob"]}, changed]),
})
