package request.rules.max_body_bytes

# METADATA
# title: The body may not grow over its limit while it streams
# description: The smaller limit of role and service; the announced length may be missing or wrong.
obligation contains {
	"id": "body",
	"type": "max_body_bytes",
	"properties": {"limit": limit},
} if limit := data.compiled.body_limits[input.role][input.service][input.route]
