package change_test

import data.change
import data.lib.fixture_test as fixture

_decision(question) := document if {
	document := change.decision with input as question with data.compiled as fixture.compiled
}

_codes(question) := {reason.code | some reason in _decision(question).reasons}

test_allows_a_push_with_its_credential if {
	document := _decision(fixture.change)
	document.allow == true
	[obligation.properties.ref | some obligation in document.obligations] == ["forge-git"]
}

test_allows_a_check_by_people_of_what_is_protected if {
	question := object.union(fixture.with_facts({"files": [fixture.file("tests/x")]}), {
		"role": "maintainer", "action": "check", "via": "check", "service": "", "scope": [], "namespace": "",
	})
	_decision(question).allow == true
}

test_a_merge_is_held_for_a_person if {
	question := object.union(fixture.change, {"action": "merge", "via": "api", "evidence": _all_passed})
	document := _decision(question)
	document.allow == false
	document.hold.template == "merge"
	without_tests := {"evidence": object.union(_all_passed, {"tests": "not_configured"})}
	_codes(object.union(question, without_tests)) == {"change.evidence_missing"}
}

test_a_proposal_waits_for_the_jury_alone if {
	question := object.union(fixture.change, {"action": "create-pr", "via": "api", "evidence": _all_passed})
	_decision(question).allow == true
	unjudged := object.union(question, {"evidence": {"jury": "absent"}})
	_codes(unjudged) == {"change.not_judged"}
}

test_a_veto_names_the_grant_it_met if {
	[message] := [reason.message | some reason in _decision(fixture.with_facts({"merge_base": ""})).reasons]
	endswith(message, "(change.rules.role_grant grants it, change.rules.no_common_base comes first.)")
}

test_all_that_fails_is_said_at_once if {
	question := object.union(
		fixture.with_facts({
			"files": [fixture.file("auth/x"), fixture.file("tests/x"), object.union(fixture.file("l"), {"new_mode": "120000"})],
			"totals": {"files": 11, "lines": 501, "bytes": 0},
			"merge_base": "",
			"secrets": [{"rule": "x", "path": "auth/x", "commit": "2222", "line": 1}],
			"irregular": [
				{"kind": "case_twin", "path": "a", "detail": "A"},
				{"kind": "graft", "path": "", "detail": ""},
				{"kind": "truncated", "path": "", "detail": ""},
			],
			"refs": [{"name": "refs/heads/main", "old": "1", "new": "0", "change": "force"}],
		}),
		{
			"scope": [], "identity": {"name": "x", "email": "x"}, "require": ["jury"],
			"findings": [{"rule": "x", "path": "a", "line": 1, "severity": "ERROR", "message": "m"}],
			"evidence": {"tests": "failed", "semgrep": "could_not_run"},
		},
	)
	_codes(question) == {
		"change.scope_not_in_token", "change.ref_outside_namespace", "change.ref_deleted", "change.ref_forced",
		"change.no_common_base", "change.not_read_whole", "change.replaced_objects", "change.irregular_name",
		"change.special_file", "change.forbidden_path", "change.protected_path", "change.too_many_files",
		"change.too_many_lines", "change.foreign_identity", "change.secret_found", "change.finding",
		"change.evidence_missing", "change.evidence_failed", "change.evidence_could_not_run",
	}
}

test_what_is_lacking_is_said[code] if {
	some code, changed in {
		"change.role_unknown": {"role": "stranger"},
		"change.service_not_granted": {"service": "reports"},
		"change.action_not_granted": {"action": "create-pr", "via": "push", "evidence": _all_passed},
	}
	_codes(object.union(fixture.change, changed)) == {code}
}

_all_passed[kind] := "passed" if some kind in ["schema", "semgrep", "tests", "jury"]

test_the_meta_workflow_aims_at_staging_alone if {
	_codes(object.union(fixture.change, {"role": "meta-workflow"})) == {"change.staging_only"}
}

test_every_answer_is_a_whole_document[note] if {
	some note, question in {"empty": {}, "number": 5, "list": [], "null": null, "role": {"role": "coder"}}
	document := _decision(question)
	document.allow == false
	object.keys(document) == {"version", "allow", "reasons", "obligations", "hold", "cacheable_s"}
}

test_denies_without_any_tables if {
	document := change.decision with input as fixture.change with data.compiled as {}
	document.allow == false
}

test_a_complete_change_lacking_one_fact_is_never_allowed[field] if {
	some field, _ in fixture.change
	"change.input_incomplete" in _codes(object.remove(fixture.change, [field]))
}

test_a_veto_is_heard_without_being_named if {
	late := {"code": "change.late", "message": "It is late.", "rule": "change.vetoes.late"}
	document := change.decision with input as fixture.change
		with data.compiled as fixture.compiled
		with change.vetoes as {"late": {"deny": {late}}, "early": {"deny": set()}}
	document.allow == false
	[reason.code | some reason in document.reasons] == ["change.late"]
}
