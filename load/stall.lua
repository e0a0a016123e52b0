-- SPDX-License-Identifier: MIT

-- wrk script: makes a stall and shows it, with wrk alone.
--
--   wrk -t2 -c64 -d8s --timeout 20s --latency -s load/stall.lua http://127.0.0.1:8080
--   wrk -t2 -c64 -d8s --timeout 20s --latency -s load/stall.lua http://127.0.0.1:8080 -- offload 1000000
--
-- One thread sends one POST /write?method=METHOD&count=COUNT (default: sync 1000000), a second or two after the start. All
-- other requests are GET /hello. Compare sync, which blocks the loop, with offload or stream, which do not.
--
-- --timeout must be above the length of the stall, because wrk drops the samples above it. -d must leave time for the
-- write, because wrk also drops requests without a response at its end. wrk's latencies include the write itself, and
-- samples that wrk adds for the requests that a waiting connection did not send. "During the write" is from its sending to its
-- response, so that it has some responses from just before and after the stall.

local WRITE_AFTER_S = 2
local threads = {}

-- Once for each thread, in the main program.
function setup(thread)
   threads[#threads + 1] = thread
   thread:set("writes", #threads == 1)
end

-- Once in each thread. Globals belong to the thread; done() reads them with thread:get().
function init(args)
   write_path = string.format("/write?method=%s&count=%s", args[1] or "sync", args[2] or "1000000")
   responses = 0  -- to /hello
   local hello, write = wrk.format("GET", "/hello"), wrk.format("POST", write_path)
   local started = os.time()
   function request()
      if writes and os.time() - started >= WRITE_AFTER_S then
         writes, responses_before = false, responses
         return write
      end
      return hello
   end
end

function response(status, _, body)
   if status == 200 and body == "hello\n" then
      responses = responses + 1
   elseif status == 200 and body:find('"timing_ms"', 1, true) then
      write_ms = tonumber(body:match('"completed":%s*([%d.]+)'))
      responses_during = responses - responses_before
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

-- Once, in the main program, after wrk has printed its own figures.
function done(summary, latency)
   local writer, timeouts = threads[1], summary.errors.timeout
   local write_ms, refusal = writer:get("write_ms"), writer:get("refusal")
   io.write("\nPOST ", writer:get("write_path"), ": ")
   if refusal then
      print(refusal)
   elseif not writer:get("responses_before") then
      print("not sent before the end of the run. Pass a longer -d.")
   elseif not write_ms then
      print("no response before the end of the run. Pass a longer -d.")
   else
      local all, during = writer:get("responses"), writer:get("responses_during")
      print(string.format("%s. The other connections of its thread, one of wrk's %d, got:", duration(write_ms), #threads))
      print("during the write     " .. rate(during, write_ms))
      print("before and after it  " .. rate(all - during, summary.duration / 1e3 - write_ms))
   end
   if summary.requests == 0 then return end
   local figures = {}
   for _, share in ipairs({50, 90, 99, 99.9}) do
      figures[#figures + 1] = string.format("p%g %s", share, duration(latency:percentile(share) / 1e3))
   end
   print("latency of all       " .. table.concat(figures, ", ") .. ", max " .. duration(latency.max / 1e3))
   if timeouts > 0 then
      print(string.format("%d samples above --timeout are in none of these latencies. Pass a longer one.", timeouts))
   end
end
