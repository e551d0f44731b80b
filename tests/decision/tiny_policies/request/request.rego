package request

default decision := {
	"version": "1",
	"allow": false,
	"reasons": [{
		"code": "request.action_not_granted",
		"message": "no",
		"remedy": "none",
		"rule": "data.request",
	}],
	"obligations": [],
	"hold": null,
	"cacheable_s": 0,
}

decision := {
	"version": "1",
	"allow": true,
	"reasons": [],
	"obligations": [],
	"hold": null,
	"cacheable_s": 0,
} if {
	some word in input.scope
	data.compiled.grants[input.role][input.service][word]
}
