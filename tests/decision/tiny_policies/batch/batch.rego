package batch

request[key] := document if {
	some index, call in input.calls
	key := format_int(index, 10)
	document := data.request.decision with input as call
}
