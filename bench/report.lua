-- wrk calls `done` once, after the last request: one line of JSON, whose keys bench/wrk.py reads. Times in microseconds.
-- No `request` or `response` is defined here: either would run for every request and be measured with it.
function done(summary, latency, requests)
  io.write(string.format(
    '\nREPORT {"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"bad_status":%d,"socket_errors":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
