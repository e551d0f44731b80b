package token

default decision := {
	"version": "1",
	"allow": false,
	"reasons": [{
		"code": "token.role_unknown",
		"message": "no",
		"remedy": "none",
		"rule": "data.token",
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
	data.compiled.grants[input.role]
}
