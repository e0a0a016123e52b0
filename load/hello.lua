-- SPDX-License-Identifier: MIT

-- wrk script: reports a run as one line of JSON, the last line that wrk prints.
--
--   wrk -t1 -c32 -d10s --timeout 10s -s hello.lua http://127.0.0.1:8080/hello
--   wrk -t1 -c256 -d10s --timeout 10s -s hello.lua URL -- pause_max_ms=1000
--
-- pause_max_ms=N   every connection pauses for a random 0 to N ms before its next request, as people do. Without it, wrk
--                  sends the next request at once.
-- connections=N    N is wrk's -c. Adds two percentile curves to the line (curves.lua says what they are).
-- pipelined=N      sends N requests at once on each connection. Each response counts, but there is no percentile: wrk's
--                  correction would take requests that were sent together for delayed ones.
--
-- Names end in their unit. A latency is null when no sample was kept. What wrk 4.1 does before this script sees a figure:
-- * It drops a sample at or above --timeout (default: 2 s) and counts it in errors.timeout only. A loop that was blocked
--   for 3 s then looks healthy. Pass a --timeout well above the longest stall.
-- * It drops requests without a response at the end of the run. A run that ends inside a stall does not show the stall.
--   SIGINT ends a run early and still prints the line.
-- * It corrects samples above twice the mean interval of a connection for coordinated omission: it adds samples for the
--   requests that a waiting connection did not send. Percentiles include them, `requests` does not. `max` is a real sample.

local known = {pause_max_ms = true, connections = true, pipelined = true}
local folder = debug.getinfo(1, "S").source:match("^@(.*/)") or ""
local first_thread

function setup(thread) first_thread = first_thread or thread end

function init(args)
   for _, argument in ipairs(args) do
      local name, value = argument:match("^([%a_]+)=(%d+)$")
      if not known[name] then
         error("hello.lua: unknown argument '" .. argument .. "', expected pause_max_ms=N, connections=N or pipelined=N")
      end
      _G[name] = tonumber(value)  -- a global of this thread; done() reads it with get()
   end
   if pause_max_ms then
      function delay() return math.random(0, pause_max_ms) end
   end
   if pipelined then
      local requests = string.rep(wrk.format(), pipelined)
      function request() return requests end
   end
end

function done(summary, latency)
   local kept = summary.requests - summary.errors.timeout
   local function figure(value) return kept > 0 and string.format("%d", value) or "null" end
   -- wrk reports 0 for a percentile below the smallest real sample when its correction added smaller ones.
   local function percentile(share)
      local us = latency:percentile(share)
      return (first_thread:get("pipelined") or us == 0) and "null" or figure(us)
   end

   local errors = {}
   for _, cause in ipairs({"connect", "read", "write", "status", "timeout"}) do
      errors[#errors + 1] = string.format('"%s":%d', cause, summary.errors[cause])
   end
   local fields = {
      string.format('"requests":%d', summary.requests),
      string.format('"duration_us":%d', summary.duration),
      string.format('"requests_per_s":%.1f', summary.requests * 1e6 / summary.duration),
      '"p50_us":' .. percentile(50),
      '"p75_us":' .. percentile(75),
      '"p90_us":' .. percentile(90),
      '"p99_us":' .. percentile(99),
      '"p99_9_us":' .. percentile(99.9),
      '"max_us":' .. figure(latency.max),
      '"errors":{' .. table.concat(errors, ",") .. "}",
   }
   local connections = first_thread:get("connections")
   if connections then fields[#fields + 1] = dofile(folder .. "curves.lua")(summary, latency, kept, connections) end
   io.write("{", table.concat(fields, ","), "}\n")
end
