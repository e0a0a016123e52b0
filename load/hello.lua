-- wrk script: reports a run as one line of JSON, the last line that wrk prints.
--
--   wrk -t1 -c32 -d10s --timeout 10s -s hello.lua http://127.0.0.1:8080/hello
--   wrk -t1 -c256 -d10s --timeout 10s -s hello.lua URL -- pause_max_ms=1000
--
-- pause_max_ms: every connection waits a random 0 to N ms between an answer and its next request, as
-- many people would, instead of asking again at once. Without it, wrk asks as fast as it can.
--
-- Units are the last part of a name; every latency is null when no sample was kept. What wrk 4.1 does
-- to the figures before this script sees them:
-- * A sample at or above --timeout (default: 2 s) is dropped and only counted in errors.timeout. A loop
--   blocked for 3 s then looks healthy. Pass a --timeout well above the longest stall.
-- * Requests without an answer at the end of the run are lost. A run that ends inside a stall says
--   nothing about it. SIGINT ends a run early and still prints this line.
-- * Samples above twice the run's mean interval per connection get wrk's correction for coordinated
--   omission: made-up samples that stand for requests the waiting connection did not send. The
--   percentiles include them, requests does not. max is a real sample.

function init(args)
   for _, argument in ipairs(args) do
      local pause_max_ms = tonumber(argument:match("^pause_max_ms=(%d+)$"))
      if not pause_max_ms then
         error("hello.lua: unknown argument '" .. argument .. "', expected pause_max_ms=N")
      end
      function delay() return math.random(0, pause_max_ms) end
   end
end

local percentiles = {
   {"p50_us", 50}, {"p75_us", 75}, {"p90_us", 90}, {"p99_us", 99}, {"p99_9_us", 99.9},
}
local causes = {"connect", "read", "write", "status", "timeout"}

function done(summary, latency, requests)
   local kept = summary.requests - summary.errors.timeout
   local function figure(value) return kept > 0 and string.format("%d", value) or "null" end

   local fields = {
      string.format('"requests":%d', summary.requests),
      string.format('"duration_us":%d', summary.duration),
      string.format('"requests_per_s":%.1f', summary.requests * 1e6 / summary.duration),
   }
   for _, percentile in ipairs(percentiles) do
      local name, share = percentile[1], percentile[2]
      fields[#fields + 1] = string.format('"%s":%s', name, figure(latency:percentile(share)))
   end
   fields[#fields + 1] = '"max_us":' .. figure(latency.max)

   local errors = {}
   for _, cause in ipairs(causes) do
      errors[#errors + 1] = string.format('"%s":%d', cause, summary.errors[cause])
   end
   fields[#fields + 1] = '"errors":{' .. table.concat(errors, ",") .. "}"
   io.write("{", table.concat(fields, ","), "}\n")
end
