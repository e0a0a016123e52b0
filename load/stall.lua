-- wrk script: makes the stall and shows it, with wrk alone.
--
--   wrk -t2 -c64 -d8s --timeout 20s --latency -s load/stall.lua http://127.0.0.1:8080
--   wrk -t2 -c64 -d8s --timeout 20s --latency -s load/stall.lua http://127.0.0.1:8080 -- offload 1000000
--
-- One request of one thread is /write?method=METHOD&count=COUNT (default: sync 1000000). All others are /hello. Compare
-- sync, which blocks the loop, with offload or stream, which do not: how many /hello got a response during the write?
--
-- wrk's own latencies include the write, and samples that wrk adds for requests that a waiting connection did not send.
-- --timeout must be above the length of the stall, because wrk drops the samples above it. -d must be longer than the
-- write, because wrk also drops requests without a response at its end. load/stall.sh measures /hello apart from the write.

local threads = {}

function setup(thread)
   threads[#threads + 1] = thread
   thread:set("is_first", #threads == 1)
end

function init(args)
   method, count = args[1] or "sync", tonumber(args[2] or 1000000)
   responses = 0  -- to /hello
   local hello = wrk.format("GET", "/hello")
   local write = wrk.format("GET", "/write?method=" .. method .. "&count=" .. count)
   local calls = 0
   function request()
      calls = calls + 1
      -- wrk makes the first thread's first call at its start and does not send that request.
      return is_first and calls == 2 and write or hello
   end
end

function response(status, _, body)
   if status == 200 and body == "hello\n" then
      responses = responses + 1
   elseif status == 200 and body:find('"timing_ms"', 1, true) then
      write_ms = tonumber(body:match('"completed":%s*([%d.]+)'))
      responses_during = responses
   elseif not refusal then
      refusal = "status " .. status .. ": " .. (body:match('"detail":%s*"(.-)"[,}]') or body)
   end
end

local function duration(ms)
   return ms < 1e3 and string.format("%.1f ms", ms) or string.format("%.2f s", ms / 1e3)
end

local function rate(number, ms)
   return string.format("%d /hello responses in %s, %.0f a second", number, duration(ms), number / ms * 1e3)
end

function done(summary)
   local first = threads[1]
   local write_ms, refusal, timeouts = first:get("write_ms"), first:get("refusal"), summary.errors.timeout
   io.write(string.format("\n%s of %d records: ", first:get("method"), first:get("count")))
   if write_ms then
      local during, all = first:get("responses_during"), first:get("responses")
      print(duration(write_ms) .. ". The other connections of its thread got:")
      print("during the write     " .. rate(during, write_ms))
      print("before and after it  " .. rate(all - during, summary.duration / 1e3 - write_ms))
   else
      print(refusal or "no response before the end of the run. Pass a longer -d.")
   end
   if timeouts > 0 then
      print(string.format("%d samples above --timeout are in none of wrk's latencies. Pass a longer one.", timeouts))
   end
end
