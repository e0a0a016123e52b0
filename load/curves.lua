-- SPDX-License-Identifier: MIT

-- The percentile curves of a wrk run, for hello.lua: latency over x = 1 / (1 - share), up to the number of samples.
--
-- raw_curve has the samples as wrk recorded them, corrected_curve as wrk reports them, with its correction for coordinated
-- omission. A script can read percentiles of the corrected samples only, so this one reads wrk's histogram in its memory. A
-- curve is null when the histogram is not as expected.

-- wrk's statistics: one counter for each microsecond. Returns nil when this is not the histogram of wrk 4.1.
local function histogram_of(latency)
   local has_ffi, ffi = pcall(require, "ffi")
   if not has_ffi then return nil end
   ffi.cdef("typedef struct { uint64_t count, limit, min, max; uint64_t data[]; } wrk_histogram;")
   local histogram = ffi.cast("wrk_histogram **", latency)[0]
   if tonumber(histogram.min) ~= latency.min or tonumber(histogram.max) ~= latency.max then return nil end
   return histogram
end

-- For each sample at m + n * interval the correction adds one to counter m. It can therefore be undone:
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

-- The latencies at x = 1, 10^0.1, 10^0.2 and so on, and at the total, as JSON.
local function curve_of(samples)
   local xs, latencies, index, count, step = {}, {}, 0, 0, 0
   repeat
      local x = math.min(10 ^ (step / 10), samples.total)
      local rank = x == samples.total and samples.total or math.max(1, math.ceil((1 - 1 / x) * samples.total - 1e-9))
      while count < rank do
         index = index + 1
         count = count + samples[index][2]
      end
      xs[#xs + 1], latencies[#latencies + 1] = string.format("%.4f", x), string.format("%d", samples[index][1])
      step = step + 1
   until x == samples.total
   return '{"x":[' .. table.concat(xs, ",") .. '],"us":[' .. table.concat(latencies, ",") .. "]}"
end

-- The two JSON fields. `kept` is the number of requests whose samples wrk kept.
return function(summary, latency, kept, connections)
   local raw_curve, corrected_curve = "null", "null"
   local histogram = kept > 0 and histogram_of(latency)
   if histogram then
      local requests_each = math.floor(summary.requests / connections)
      local interval_us = requests_each > 0 and math.floor(summary.duration / requests_each) or nil
      local raw, corrected = samples_of(histogram, interval_us)
      -- Proof that the histogram was understood: without the correction, it has every kept request once.
      if raw.total == kept then raw_curve = curve_of(raw) end
      corrected_curve = curve_of(corrected)
   end
   return '"raw_curve":' .. raw_curve .. ',"corrected_curve":' .. corrected_curve
end
