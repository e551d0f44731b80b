package conventions_test

import data.conventions

_path := "request/rules/some_rule/some_rule.rego"

_tests := replace(_path, ".rego", "_test.rego")

_rule := concat("\n", [
	"package request.rules.some_rule",
	"import data.lib.result",
	"deny contains result.reason(rego.metadata.chain(), {}) if not _proof",
	"_proof if input.role",
])

# A tree that keeps every convention.
_files := {
	"request/request.rego": concat("\n", [
		"package request",
		"import data.request.rules",
		"decision := union({rules.some_rule.deny, set()})",
	]),
	_path: _rule,
	_tests: concat("\n", ["package request.rules.some_rule_test", "test_a := 1", "test_b := 1", "test_c := 1"]),
}

_custom := {
	"code": "request.some_rule",
	"message": "No.",
	"remedy": "Do otherwise.",
	"audience": "operator",
	"retry": "retry",
}

_annotation(custom) := {
	"annotations": {"title": "Some rule", "custom": custom},
	"location": {"file": _path},
	"path": [{"value": "data"}, {"value": "request"}, {"value": "rules"}, {"value": "some_rule"}, {"value": "deny"}],
}

_messages(files, annotations) := {violation.message |
	some violation in _found({"files": object.union(_files, files), "annotations": annotations})
}

_found(tree) := found if {
	found := conventions.violation with input as tree
}

_of_files(files) := _messages(files, [_annotation(_custom)])

_of_custom(custom) := _messages({}, [_annotation(object.union(_custom, custom))])

test_a_good_tree_breaks_nothing if {
	_of_files({}) == set()
}

test_a_rule_file_has_one_kind if {
	both := concat("\n", [_rule, "grant if input.role"])
	"a rule file must define one of grant, lacks, deny, hold, obligation, attempt" in _of_files({_path: both})
	none := "package request.rules.some_rule"
	"a rule file must define one of grant, lacks, deny, hold, obligation, attempt" in _of_files({_path: none})
}

test_no_rule_is_forgotten if {
	orphan := "package request\n\ndecision := set()"
	_of_files({"request/request.rego": orphan}) == {"request must name rules.some_rule.deny"}
}

_veto_path := "request/vetoes/late/late.rego"

_veto := "package request.vetoes.late\n\ndeny contains 1 if not _early\n\n_early if input.now < 5"

# The tree with a veto that keeps every convention.
_with_veto(files) := _messages(
	object.union(
		{
			"request/request.rego": sprintf(
				"%s\n_vetoes := union({found | found := data.request.vetoes[_].deny})",
				[_files["request/request.rego"]],
			),
			_veto_path: _veto,
			replace(_veto_path, ".rego", "_test.rego"): replace(_files[_tests], "some_rule", "late"),
		},
		files,
	),
	[_annotation(_custom), json.patch(_annotation(object.union(_custom, {"code": "request.late"})), [
		{"op": "replace", "path": "/location/file", "value": _veto_path},
		{"op": "replace", "path": "/path/2/value", "value": "vetoes"},
		{"op": "replace", "path": "/path/3/value", "value": "late"},
	])],
)

test_a_veto_needs_no_naming if {
	_with_veto({}) == set()
}

test_a_veto_can_only_deny[note] if {
	some note, text in {
		"another kind": replace(_veto, "_early if", "grant if"),
		"another name": replace(_veto, "_early if", "early if"),
		"nothing": "package request.vetoes.late",
		"no set": replace(_veto, "deny contains 1", "deny := 1"),
		"an object": replace(_veto, "deny contains 1", "deny[1] := 1"),
		"a set below": replace(_veto, "deny contains 1", "deny.more contains 1"),
	}
	"a veto must define `deny`, a set, and no other name without an underscore" in _with_veto({_veto_path: text})
}

test_a_veto_has_its_place[note] if {
	some note, [path, text] in {
		"another package": [_veto_path, replace(_veto, "request.vetoes.late", "request.rules.late")],
		"a package below": [_veto_path, replace(_veto, "request.vetoes.late", "request.vetoes.late.more")],
		"another area": [_veto_path, replace(_veto, "request", "token")],
		"another file": ["request/vetoes/late/more.rego", _veto],
		"no folder": ["request/vetoes/more.rego", _veto],
		"a folder below": ["request/vetoes/late/late/late.rego", _veto],
		"a name that is not served": ["request/vetoes/a_test/a_test.rego", replace(_veto, "late", "a_test")],
	}
	"a veto must be vetoes/NAME/NAME.rego, package <area>.vetoes.NAME" in _with_veto({path: text})
}

test_a_veto_is_gathered[note] if {
	some note, asked in {
		"not at all": "set()",
		"of another area": "data.token.vetoes[_].deny",
		"one of them": "data.request.vetoes.soon.deny",
		"another name": "data.request.vetoes[_].grant",
	}
	entry := sprintf("%s\n_vetoes := {found | found := %s}", [_files["request/request.rego"], asked])
	_with_veto({"request/request.rego": entry}) == {"request must gather data.request.vetoes"}
}

test_a_veto_has_words_and_tests if {
	other := replace(_veto_path, "late", "soon")
	files := {other: replace(_veto, "late", "soon")}
	_with_veto(files) == {
		"the deny rule needs METADATA with a title",
		"its METADATA needs custom.message",
		"its METADATA needs custom.remedy",
		"its METADATA needs custom.code: request.soon",
		"a rule needs at least three tests: caught, nearest not caught, input missing",
	}
}

test_metadata_is_there if {
	_messages({}, []) == {
		"the deny rule needs METADATA with a title",
		"its METADATA needs custom.message",
		"its METADATA needs custom.remedy",
		"its METADATA needs custom.code: request.some_rule",
	}
}

test_a_grant_needs_no_words if {
	files := {
		"request/request.rego": replace(_files["request/request.rego"], "deny", "grant"),
		_path: "package request.rules.some_rule\n\ngrant if input.role",
	}
	annotation := json.patch(_annotation({}), [
		{"op": "remove", "path": "/annotations/custom"},
		{"op": "replace", "path": "/path/4/value", "value": "grant"},
	])
	_messages(files, [annotation]) == set()
}

test_words_are_not_empty if {
	_of_custom({"message": ""}) == {"its METADATA needs custom.message"}
	_of_custom({"remedy": ""}) == {"its METADATA needs custom.remedy"}
}

test_the_code_follows_the_folder if {
	_of_custom({"code": "request.other"}) == {"its METADATA needs custom.code: request.some_rule"}
}

test_audience_and_retry_are_known_words if {
	_of_custom({"audience": "everybody"}) == {"custom.audience must be one of agent, operator"}
	_of_custom({"retry": "maybe"}) == {"custom.retry must be one of final, retry"}
}

test_codes_are_unique if {
	other := json.patch(_annotation(_custom), [{"op": "replace", "path": "/location/file", "value": "lib/x.rego"}])
	_messages({}, [_annotation(_custom), other]) == {"the code request.some_rule is used more than once"}
}

test_three_tests_for_each_rule if {
	few := "package request.rules.some_rule_test\n\ntest_a := 1\n\ntest_b := 1\n\nhelper := 1"
	_of_files({_tests: few}) == {"a rule needs at least three tests: caught, nearest not caught, input missing"}
}

test_not_stands_before_names_only[note] if {
	some note, condition in {
		"nested reference": "not data.roles[input.role]",
		"call on input": "not startswith(input.path, \"/\")",
		"comparison": "not input.size <= 5",
		"call in a call": "not f(g(1))",
	}
	rule := replace(_rule, "not _proof", condition)
	some message in _of_files({_path: rule})
	startswith(message, "`not` may only stand before a name")
}

test_not_before_a_name_is_kept[note] if {
	some note, condition in {
		"name": "not _proof",
		"name of another package": "not result.proof",
		"call on a variable": "{ x := input.role; not f(x) }",
		"lookup of a variable": "{ some x in input.scope; not _known[x] }",
	}
	rule := replace(_rule, "not _proof", condition)
	_of_files({_path: rule}) == set()
}

test_input_is_not_compared_by_unequal if {
	rule := replace(_rule, "not _proof", "input.role != \"admin\"")
	some message in _of_files({_path: rule})
	startswith(message, "`!=` on input fails open")
}

test_unequal_is_fine_on_what_was_looked_up if {
	rule := replace(_rule, "not _proof", "{ x := 5; x != 6 }")
	_of_files({_path: rule}) == set()
}

test_nothing_is_found_without_input if {
	count(conventions.violation) == 0 with input as {}
}
