# METADATA
# title: The facts of a change that are there and of their type
# description: What is not proven here is `wrong` in change.rules.input_incomplete.
# schemas:
#   - input: schema["input.change"]
package lib.facts

# METADATA
# title: The names of the facts that are proven
# scope: document
proven contains "facts.head" if is_string(input.facts.head)

proven contains "facts.merge_base" if is_string(input.facts.merge_base)

proven contains "facts.base" if {
	count(input.facts.base) == 2
	is_string(concat("", [input.facts.base.ref, input.facts.base.commit]))
}

proven contains "facts.totals" if {
	count(input.facts.totals) == 3
	is_whole(input.facts.totals.files)
	is_whole(input.facts.totals.lines)
	is_whole(input.facts.totals.bytes)
}

proven contains "facts.refs" if {
	is_array(input.facts.refs)
	_refs_where_needed
	every ref in input.facts.refs {
		count(ref) == 4
		is_string(concat("", [ref.name, ref.old, ref.new]))
		ref.change in {"create", "update", "delete", "force"}
	}
}

# The two longest lists are counted, which is half as dear as `every`.
proven contains "facts.files" if {
	is_array(input.facts.files)
	whole := [1 |
		some file in input.facts.files
		count(file) == 8
		is_string(concat("", [file.path, file.folded, file.old_mode, file.new_mode]))
		_changes[file.change]
		floor(file.lines) == file.lines
		file.lines >= 0
		floor(file.bytes) == file.bytes
		file.bytes >= 0
		is_boolean(file.binary)
	]
	count(whole) == count(input.facts.files)
}

proven contains "facts.touched" if {
	is_array(input.facts.touched)
	whole := [1 |
		some entry in input.facts.touched
		count(entry) == 3
		is_string(concat("", [entry.path, entry.folded, entry.mode]))
	]
	count(whole) == count(input.facts.touched)
}

proven contains "facts.commits" if {
	is_array(input.facts.commits)
	every commit in input.facts.commits {
		count(commit) == 6
		is_string(commit.id)
		is_whole(commit.parents)
		commit.signature in {"none", "present"}
		is_person(commit.author)
		is_person(commit.committer)
		is_array(commit.co_authors)
		every one in commit.co_authors { is_person(one) }
	}
}

proven contains "facts.secrets" if {
	is_array(input.facts.secrets)
	every secret in input.facts.secrets {
		count(secret) == 4
		is_string(concat("", [secret.rule, secret.path, secret.commit]))
		is_whole(secret.line)
	}
}

proven contains "facts.irregular" if {
	is_array(input.facts.irregular)
	every fact in input.facts.irregular {
		count(fact) == 3
		_kinds[fact.kind]
		is_string(concat("", [fact.path, fact.detail]))
	}
}

_changes := {"add", "modify", "delete", "type"}

_kinds := {
	"not_utf8", "bad_name", "case_twin", "unicode_twin", "mode", "symlink", "gitlink", "gitattributes",
	"gitmodules", "replace_ref", "graft", "alternates", "shallow", "truncated", "orphan", "unreadable",
}

# A branch is made of at least one ref; a check changes none.
_refs_where_needed if input.action in {"check", "create-pr", "merge"}

_refs_where_needed if count(input.facts.refs) > 0

# METADATA
# title: Whether this is a person as commits name them
is_person(person) if {
	count(person) == 2
	is_string(concat("", [person.name, person.email]))
}

# METADATA
# title: Whether this is a whole number, not below zero
is_whole(number) if {
	floor(number) == number
	number >= 0
}
