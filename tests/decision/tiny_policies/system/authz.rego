package system.authz

default allow := false

allow if {
	crypto.sha256(input.identity) == data.doorless_runtime.token_sha256
	opened
}

opened if {
	input.method == "POST"
	input.path in [
		["v1", "data", "request", "decision"],
		["v1", "data", "token", "decision"],
		["v1", "data", "batch", "request"],
	]
}

opened if {
	input.method == "GET"
	input.path == ["health"]
}
