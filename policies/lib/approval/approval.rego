# METADATA
# title: Approvals
# description: >-
#   What persons said of this very call, and whether it suffices. An approval is a fact like others: it counts only
#   where every part of it can be proven, and it outweighs nothing but the hold that asked for it.
# schemas:
#   - data.compiled: schema.compiled
package lib.approval

# METADATA
# title: The terms of a hold
# description: >-
#   As approvals.yaml declares them under that name. Where it declares nothing there is nobody who could approve, and
#   the gateway makes a denial of it, and so where those who are left are too few. A function, because a name without
#   terms must not be undefined: a hold would be.
terms(template) := {
	"template": template,
	"approvers": _enough_of(declared),
	"needed": declared.needed,
	"expires_in_s": declared.expires_in_s,
} if {
	declared := data.compiled.approvals[template] # regal ignore:external-reference
} else := {"template": template, "approvers": [], "needed": 1, "expires_in_s": 600}

# METADATA
# title: Whether enough persons approved this very call under this name
# description: >-
#   The digest is that of the call; the policy is the one that they approved it under; it is neither from the future nor
#   over. Only persons count whom approvals.yaml names, each once, and never the one who asks.
given[template] if {
	input.approval.standing == false
	some template, _ in _enough
}

# METADATA
# title: Whether it was approved beforehand under this name
# description: >-
#   A standing grant, for every call of a role on a route, by as many persons. A rule that holds what cannot be undone
#   never asks for it.
standing[template] if {
	input.approval.standing == true
	some template, _ in _enough
}

_enough[template] if {
	_of_this_call
	template := input.approval.template
	declared := data.compiled.approvals[template]
	count({person |
		some person in input.approval.approvers
		declared.approvers[person]
		_other[person]
		not _starter(declared, person)
	}) >= declared.needed
}

# METADATA
# title: Whether the call is made by one of the persons who approved it
performed if input.performed_by in input.approval.approvers

_of_this_call if {
	count(input.call_sha256) == 64
	input.approval.call_sha256 == input.call_sha256
	input.approval.revision_matches == true
	input.approval.approved_at <= input.now
	input.now < input.approval.expires_at
}

# Nobody approves for themselves: a workflow has no user of this machine, whatever a user may be called.
_other[person] if {
	some person in input.approval.approvers
	count({person} & {input.workflow, input.role}) == 0
}

# Those who may approve what this workflow asks; nobody where they are fewer than it takes.
_enough_of(declared) := found if {
	found := [person | some person, _ in declared.approvers; not _starter(declared, person)]
	count(found) >= declared.needed
} else := []

# Where it is declared so, who started the workflow is not heard; and where nobody knows who did, nobody is.
_starter(declared, person) if {
	declared.not_starter
	_unless_known(person) == person
}

_unless_known(person) := input.started_by if {
	count(input.started_by) > 0
} else := person
