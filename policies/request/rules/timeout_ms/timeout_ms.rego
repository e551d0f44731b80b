package request.rules.timeout_ms

# METADATA
# title: The service has so long to begin its answer
# description: Milliseconds.
obligation contains {
	"id": "timeout",
	"type": "timeout_ms",
	"properties": {"limit": limit},
} if limit := data.compiled.services[input.service].timeout_ms
