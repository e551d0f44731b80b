-- Each connection waits PACE_MS before its next request: load below the peak, so that only memory is measured by it.
local pace = tonumber(os.getenv("PACE_MS"))

function delay()
  return pace
end

dofile(os.getenv("PACE_REPORT"))
