# METADATA
# title: Many questions in one evaluation
# description: >-
#   Answers up to as many calls as the asker sends, each exactly as it would be answered alone. A call without
#   an answer has no key.
package batch

# METADATA
# title: The decisions on input.calls, by their place in it
# entrypoint: true
request[format_int(place, 10)] := document if {
	some place, call in input.calls
	document := data.request.decision with input as call
}
