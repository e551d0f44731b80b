package token.rules.issue_token

import data.lib.asked

# METADATA
# title: One token for each service, with the words it was narrowed to
# description: A token lives five minutes at most and is renewed while the workflow lives.
obligation contains {
	"id": concat(":", ["token", service]),
	"type": "issue_token",
	"properties": {"audience": service, "scope": words, "ttl_s": min([input.ttl_s, 300])},
} if some service, words in asked.narrowed
