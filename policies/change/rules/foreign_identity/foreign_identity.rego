package change.rules.foreign_identity

import data.lib.change
import data.lib.result

# METADATA
# title: A commit names somebody else
# custom:
#   code: change.foreign_identity
#   message: Commit {commit} names {person} as its {part}; this workflow may name {own} only.
#   remedy: >-
#     Set user.name and user.email to {own}, remove co-author trailers, and make the commits anew, like
#     git commit --amend --reset-author for the last one.
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found contains {"path": "", "line": 0, "values": values} if {
	not _unstated
	some commit in input.facts.commits
	some [part, person] in _named(commit)
	not _own(person)
	values := {
		"{commit}": substring(commit.id, 0, 12),
		"{part}": part,
		"{person}": sprintf("%v <%v>", [person.name, person.email]),
		"{own}": _shown_own,
	}
}

_named(commit) := {
	["author", commit.author],
	["committer", commit.committer],
} | {["co-author", person] | some person in commit.co_authors}

_own(person) if {
	count(input.identity.email) > 0
	person == input.identity
}

# A check outside any workflow knows of no identity, and lets nothing happen.
_unstated if {
	change.checking
	input.identity == {"name": "", "email": ""}
}

default _shown_own := "its own identity"

_shown_own := result.shown(sprintf("%s <%s>", [input.identity.name, input.identity.email]))
