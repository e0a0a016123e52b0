-- wrk script: reports a run as one line of JSON, the last line that wrk prints.
--
--   wrk -t1 -c32 -d10s --timeout 10s -s hello.lua http://127.0.0.1:8080/hello
--   wrk -t1 -c256 -d10s --timeout 10s -s hello.lua URL -- pause_max_ms=1000
--
-- pause_max_ms: every connection waits a random 0 to N ms between an answer and its next request, as
-- many people would, instead of asking again at once. Without it, wrk asks as fast as it can.
-- connections: wrk's -c. With it, the line has two percentile curves, latency over x = 1 / (1 - share): raw_curve as
-- wrk recorded it, corrected_curve as wrk reports it; null when wrk's histogram is not what this script expects.
-- pipelined: so many requests at once on each connection; each answer counts, but no percentile is given: wrk's
-- correction takes the requests that were sent together for ones that had been held up.
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

local known = {pause_max_ms = true, connections = true, pipelined = true}
local a_thread

function setup(thread) a_thread = thread end

function init(args)
   for _, argument in ipairs(args) do
      local name, value = argument:match("^([%a_]+)=(%d+)$")
      if not known[name] then
         error("hello.lua: unknown argument '" .. argument .. "', expected pause_max_ms=N, connections=N or pipelined=N")
      end
      _G[name] = tonumber(value)  -- of this thread; done() asks for it with get()
   end
   if pause_max_ms then
      function delay() return math.random(0, pause_max_ms) end
   end
   if pipelined then
      local together = string.rep(wrk.format(), pipelined)
      function request() return together end
   end
end

local percentiles = {
   {"p50_us", 50}, {"p75_us", 75}, {"p90_us", 90}, {"p99_us", 99}, {"p99_9_us", 99.9},
}
local causes = {"connect", "read", "write", "status", "timeout"}

-- wrk's histogram, one counter a microsecond: Lua is given percentiles of it only, this reads it where it lies.
local function histogram_of(latency)
   local has_ffi, ffi = pcall(require, "ffi")
   if not has_ffi then return nil end
   ffi.cdef("typedef struct { uint64_t count, limit, min, max; uint64_t data[]; } wrk_histogram;")
   local histogram = ffi.cast("wrk_histogram **", latency)[0]
   if tonumber(histogram.min) ~= latency.min or tonumber(histogram.max) ~= latency.max then return nil end
   return histogram
end

-- The correction adds to counter m what lies at m + n * interval for every n, so it can be taken off again:
-- raw(m) = corrected(m) - corrected(m + interval).
local function samples_of(histogram, interval_us)
   local raw, corrected, max_us = {total = 0}, {total = 0}, tonumber(histogram.max)
   for us = 0, max_us do
      local count = tonumber(histogram.data[us])
      if count > 0 then
         local added = 0
         if interval_us and us > interval_us and us + interval_us <= max_us then
            added = tonumber(histogram.data[us + interval_us])
         end
         for list, number in pairs({[corrected] = count, [raw] = count - added}) do
            list[#list + 1] = {us, number}
            list.total = list.total + number
         end
      end
   end
   return raw, corrected
end

-- The latencies at x = 1, 10^0.1, 10^0.2 ... and the total, as JSON.
local function curve_of(samples)
   local xs, latencies, at, seen, step = {}, {}, 0, 0, 0
   repeat
      local x = math.min(10 ^ (step / 10), samples.total)
      local wanted = x == samples.total and samples.total or math.max(1, math.ceil((1 - 1 / x) * samples.total - 1e-9))
      while seen < wanted do
         at = at + 1
         seen = seen + samples[at][2]
      end
      xs[#xs + 1], latencies[#latencies + 1] = string.format("%.4f", x), string.format("%d", samples[at][1])
      step = step + 1
   until x == samples.total
   return '{"x":[' .. table.concat(xs, ",") .. '],"us":[' .. table.concat(latencies, ",") .. "]}"
end

local function curves(summary, latency, kept)
   local connections = a_thread:get("connections")
   local histogram = connections and kept > 0 and histogram_of(latency)
   if not histogram then return "null", "null" end
   local each = math.floor(summary.requests / connections)
   local raw, corrected = samples_of(histogram, each > 0 and math.floor(summary.duration / each) or nil)
   -- Proof that the histogram was understood: without the correction, every kept request is there once.
   return raw.total == kept and curve_of(raw) or "null", curve_of(corrected)
end

function done(summary, latency, requests)
   local kept = summary.requests - summary.errors.timeout
   local function figure(value) return kept > 0 and string.format("%d", value) or "null" end

   local fields = {
      string.format('"requests":%d', summary.requests),
      string.format('"duration_us":%d', summary.duration),
      string.format('"requests_per_s":%.1f', summary.requests * 1e6 / summary.duration),
   }
   local pipelined = a_thread:get("pipelined")
   for _, percentile in ipairs(percentiles) do
      local name, share = percentile[1], percentile[2]
      local us = latency:percentile(share)
      -- wrk says 0 where the correction made up samples below the least real one, which it then does not look at.
      fields[#fields + 1] = string.format('"%s":%s', name, (pipelined or us == 0) and "null" or figure(us))
   end
   fields[#fields + 1] = '"max_us":' .. figure(latency.max)

   if a_thread:get("connections") then
      local raw, corrected = curves(summary, latency, kept)
      fields[#fields + 1] = '"raw_curve":' .. raw .. ',"corrected_curve":' .. corrected
   end

   local errors = {}
   for _, cause in ipairs(causes) do
      errors[#errors + 1] = string.format('"%s":%d', cause, summary.errors[cause])
   end
   fields[#fields + 1] = '"errors":{' .. table.concat(errors, ",") .. "}"
   io.write("{", table.concat(fields, ","), "}\n")
end
