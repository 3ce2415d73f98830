-- One alert a request, as Prometheus pushes it. Arguments: "repeated" or "new", startsAt, endsAt. Or "view": what browsers
-- ask for.
local headers = { ["Content-Type"] = "application/json" }
local body = '[{"labels":{"alertname":"DiskFull","severity":"critical","job":"node","instance":"%s"},'
  .. '"annotations":{"summary":"The disk of %s is almost full","runbook_url":"https://run.example.com/disk"},'
  .. '"startsAt":"%s","endsAt":"%s","generatorURL":"http://prometheus.example.com/graph?g0.expr=disk"}]'

local function alert(instance)
  return wrk.format("POST", nil, headers, string.format(body, instance, instance, starts_at, ends_at))
end

function init(args)
  if args[1] == "view" then
    local view = wrk.format("GET", nil, { ["Accept-Encoding"] = "gzip" })
    request = function() return view end
    return
  end
  starts_at, ends_at = args[2], args[3]
  local count = 0
  local same = alert("host-0")
  if args[1] == "new" then
    request = function()
      count = count + 1
      return alert(string.format("host-%d", count))
    end
  else
    request = function() return same end
  end
end

-- Answers, those of them that were no 2xx or 3xx, requests without an answer, microseconds, and the
-- 99th percentile of the time to an answer in microseconds.
function done(summary, latency)
  local errors = summary.errors
  local unanswered = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, errors.status, unanswered,
    summary.duration, latency:percentile(99)))
end
