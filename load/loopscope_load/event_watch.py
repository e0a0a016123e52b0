"""What a loopscope says of itself every 100 ms while it is watched: its admin plane's /events."""

import http.client
import json
import urllib.parse

from loopscope_load.sample_watch import SampleWatch


class EventWatch(SampleWatch):
    def __init__(self, admin_url):
        super().__init__()
        parts = urllib.parse.urlsplit(admin_url)
        self.connection_ = http.client.HTTPConnection(parts.hostname, parts.port, timeout=self.longest_wait_s)

    def collect_(self):
        try:
            self.connection_.request("GET", "/events")
            response = self.connection_.getresponse()
            while not self.ending_.is_set() and (line := response.readline()):
                if line.startswith(b"data: "):
                    self.samples.append(sample(json.loads(line[6:])))
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            pass  # the server has ended, or has no such feed: what came is what there is
        finally:
            self.connection_.close()


def sample(event):
    """The figures that are kept of one event; with several loops, the worst one's."""
    loops = event["loops"]
    lags_us = [lag for loop in loops if (lag := (loop["lag"] or {}).get("max_us")) is not None]
    # A loop that is blocked takes no sample: how long it has been so is a lag that has not ended.
    lags_us += [loop["stalled_for_ms"] * 1000 for loop in loops if loop["stalled_for_ms"] > 0]
    return {
        "unix_ms": event["unix_ms"],
        "resident_bytes": event["process"]["resident_bytes"],
        "cpu_share": event["process"]["cpu_share"],
        "lag_max_us": max(lags_us, default=None),
        "dirty_bytes": event["page_cache"]["outputs_dirty_bytes"],
    }
