package system.authz_test

import data.system.authz

_runtime := {"token_sha256": crypto.sha256("canary-token")}

_asking(path) := {"method": "POST", "path": path, "identity": "canary-token"}

test_the_four_questions_are_served[name] if {
	some name, path in {
		"request": ["v1", "data", "request", "decision"],
		"token": ["v1", "data", "token", "decision"],
		"change": ["v1", "data", "change", "decision"],
		"batch": ["v1", "data", "batch", "request"],
	}
	authz.allow with input as _asking(path) with data.doorless_runtime as _runtime
}

test_health_is_served_to_everybody[note] if {
	some note, path in {"health": ["health"], "metrics": ["metrics"], "status": ["v1", "status"]}
	authz.allow with input as {"method": "GET", "path": path}
}

test_nothing_else_is_served[note] if {
	some note, question in {
		"other method": object.union(_asking(["v1", "data", "request", "decision"]), {"method": "GET"}),
		"post to health": _asking(["health"]),
		"longer path": _asking(["v1", "data", "request", "decision", "allow"]),
		"all data": _asking(["v1", "data"]),
		"query": _asking(["v1", "query"]),
		"policies": {"method": "PUT", "path": ["v1", "policies", "x"], "identity": "canary-token"},
		"compiled": {"method": "GET", "path": ["v1", "data", "compiled"], "identity": "canary-token"},
		"wrong token": object.union(_asking(["v1", "data", "request", "decision"]), {"identity": "canary"}),
		"no token": object.remove(_asking(["v1", "data", "request", "decision"]), ["identity"]),
	}
	authz.allow == false with input as question with data.doorless_runtime as _runtime
}

test_nothing_is_served_without_a_digest if {
	authz.allow == false with input as _asking(["v1", "data", "request", "decision"])
		with data.doorless_runtime as {}
}

test_nothing_is_served_without_input if {
	authz.allow == false with input as {} with data.doorless_runtime as _runtime
}
