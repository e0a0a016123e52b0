"""What the kernel says of a process every 100 ms: for a server that cannot be asked."""

import os
import time

from loopscope_load.sample_watch import SampleWatch

PERIOD_S = 0.1
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class ProcessWatch(SampleWatch):
    """Its samples have the same names as EventWatch's."""

    def __init__(self, pid):
        super().__init__()
        self.pid_ = pid

    def collect_(self):
        before = None
        while not self.ending_.is_set():
            try:
                now = time.monotonic(), cpu_s(self.pid_)
                resident_bytes = resident(self.pid_)
            except (OSError, ValueError, IndexError):
                return
            share = (now[1] - before[1]) / (now[0] - before[0]) if before else None
            self.samples.append(
                {
                    "unix_ms": time.time() * 1000,
                    "resident_bytes": resident_bytes,
                    "cpu_share": share,
                    "lag_max_us": None,
                    "dirty_bytes": None,
                }
            )
            before = now
            self.ending_.wait(PERIOD_S)


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE_BYTES
