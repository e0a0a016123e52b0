"""What changed between two comparisons beyond noise.

The noise is what the repeats of one comparison differ by. A figure has changed when the two ranges do not even
touch when each is widened by GAP; that needs REPEATS_MIN repeats on both sides, else only what is yes or no is
compared. Worse is a regression, and so is a method that no longer works, orders its file wrongly or blocks the loop.
"""

from loopscope_load import reading, units

GAP = 1.1
REPEATS_MIN = 3

FIGURES = (  # lower is better for each
    ("time_ms", "time", units.duration),
    ("hello_p99_us", "/hello p99", units.duration_of_us),
    ("hello_p99_9_us", "/hello p99.9", units.duration_of_us),
    ("hello_max_us", "/hello max", units.duration_of_us),
    ("longest_stall_ms", "longest stall", lambda ms: units.duration(ms) if ms else "none"),
    ("peak_bytes", "peak memory", units.megabytes),
    ("cpu_share", "CPU", units.percent),
)
# Below these a difference is of no use to anyone, however sure it is.
NEGLIGIBLE = {
    "time_ms": 1,
    "hello_p99_us": 1000,
    "hello_p99_9_us": 1000,
    "hello_max_us": 5000,
    "longest_stall_ms": 5,
    "peak_bytes": 1_000_000,
    "cpu_share": 0.02,
}
LOOP_ORDER = (reading.FREE, reading.STRESSED, reading.BLOCKED)


class Change:
    def __init__(self, where, what, worse):
        self.where = where
        self.what = what
        self.worse = worse

    def __str__(self):
        return f"{'WORSE ' if self.worse else 'better'}  {self.where:<20} {self.what}"


def changes(old, new):
    """The Changes, in the order of the new document."""
    before = {(entry["system"], entry["method"]): entry for entry in old["entries"]}
    found = []
    for entry in new["entries"]:
        earlier = before.pop((entry["system"], entry["method"]), None)
        if earlier is not None:
            found += entry_changes(earlier, entry)
    found += [
        Change(name(entry), "no longer measured", True)
        for entry in before.values()
        if entry["outcome"] == "measured"
        and entry["system"] in new["systems"]
        and entry["method"] in new["settings"]["methods"]
    ]
    return found


def entry_changes(old, new):
    where = name(new)
    if old["outcome"] != new["outcome"]:
        return [Change(where, f"{old['outcome']}, now {new['outcome']}", new["outcome"] != "measured")]
    if new["outcome"] != "measured":
        return []
    was, now = old["summary"], new["summary"]
    found = []
    for key, what in (("complete", "the file is complete"), ("in_order", "the records are in order")):
        if None not in (was[key], now[key]) and was[key] != now[key]:
            found.append(Change(where, f"{what}: {yes_no(was[key])}, now {yes_no(now[key])}", not now[key]))
    loops = was["verdict"]["loop"], now["verdict"]["loop"]
    if comparable(was, now) and None not in loops and loops[0] != loops[1]:
        found.append(
            Change(where, f"loop {loops[0]}, now {loops[1]}", LOOP_ORDER.index(loops[1]) > LOOP_ORDER.index(loops[0]))
        )
    lost = [each.get("hello_unanswered", 0) for each in (was, now)]  # an earlier version did not count them
    if lost[1] and not lost[0]:
        found.append(Change(where, f"{lost[1]:,} /hello without their answer, none before", True))
    if comparable(was, now) and old["count"] == new["count"]:
        found += [change for figure in FIGURES if (change := figure_change(where, was, now, *figure))]
    return found


def comparable(was, now):
    return min(was["repeats"], now["repeats"]) >= REPEATS_MIN


def figure_change(where, was, now, key, title, words):
    old, new = figure(was, key), figure(now, key)
    if old is None or new is None or abs(new["median"] - old["median"]) < NEGLIGIBLE[key]:
        return None
    worse = new["min"] > old["max"] * GAP
    if not worse and new["max"] * GAP >= old["min"]:
        return None
    return Change(where, f"{title} {spread(old, words)}, now {spread(new, words)}", worse)


def figure(summary, key):
    """A spread; of the longest stall, with 0 for a repeat that had none, so that the first stall is a change too."""
    found, stalls = summary[key], summary.get("stalls")  # an earlier version did not count stalls
    if key != "longest_stall_ms" or not stalls or stalls["min"] > 0:
        return found
    return {"median": found["median"] if stalls["median"] > 0 else 0, "min": 0, "max": found["max"] if found else 0}


def spread(figure, words):
    return f"{words(figure['median'])} ({words(figure['min'])} to {words(figure['max'])})"


def doubts(old, new):
    """Why the two may not be comparable, as sentences."""
    said = []
    for key in ("cpu", "cores", "kernel", "file_system"):
        if old["machine"][key] != new["machine"][key]:
            said.append(f"{key}: {old['machine'][key]}, now {new['machine'][key]}.")
    for key in ("count", "rate_per_s", "window_s", "io"):
        if old["settings"][key] != new["settings"][key]:
            said.append(f"{key}: {old['settings'][key]}, now {new['settings'][key]}.")
    repeats = min(old["settings"]["repeats"], new["settings"]["repeats"])
    if repeats < REPEATS_MIN:
        said.append(
            f"{units.count(repeats, 'repeat')}: the noise is not known, so figures are not compared, only order, "
            f"completeness and outcome; use --repeats {REPEATS_MIN} or more."
        )
    return said


def name(entry):
    return entry["method"] if entry["system"] == "loopscope" else f"{entry['system']} {entry['method']}"


def yes_no(value):
    return "yes" if value else "NO"
