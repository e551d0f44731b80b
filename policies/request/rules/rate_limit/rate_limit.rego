package request.rules.rate_limit

# METADATA
# title: Attempts are counted per role over all its workflows
# description: An attempt that is denied counts too.
attempt contains {
	"id": "rate",
	"type": "rate_limit",
	"properties": {
		"key": concat(":", ["role", input.role]),
		"limit": limit,
		"window_s": 60,
		"cost": 1,
	},
} if limit := data.compiled.roles[input.role].max_requests_per_min
