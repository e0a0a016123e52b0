"""The articles' claims beside what was measured: the centre of the report.

One row a method and figure; each system's cell has the words for people and how the figure relates to the claim.
"""

from loopscope_load import units
from loopscope_load.claims import CLAIMED_COUNT, CLAIMS, HELLO_US, RANGES
from loopscope_load.summary import middles

IN_ORDER = "in order"
FIGURES = (
    ("time", "time"),
    ("memory", "peak memory"),
    ("cpu", "CPU, of one core"),
    ("order", "order"),
    ("hello", "/hello during the write, slowest"),
)


def rows(entries, settings):
    """[{"method", "figure", "claim", "measured": {system: {"says", "relation"}}}] for the articles' methods."""
    if settings["count"] != CLAIMED_COUNT:
        return []
    measured = {(entry["system"], entry["method"]): entry for entry in entries if entry["summary"]}
    result = []
    for method, claim in CLAIMS.items():
        if not any(name == method for _, name in measured):
            continue
        for figure, title in FIGURES:
            cells = {
                system: cell(figure, method, entry) for (system, name), entry in measured.items() if name == method
            }
            result.append({"method": method, "figure": title, "claim": claim[figure], "measured": cells})
    return result


def cell(figure, method, entry):
    row = middles(entry["summary"])
    ranges = RANGES[method]
    if figure == "time":
        return timed(row, ranges["time_ms"], entry["count"])
    if figure == "memory":
        return {
            "says": units.megabytes(row["peak_bytes"]),
            "relation": relation(row["peak_bytes"], *ranges["peak_bytes"]),
        }
    if figure == "cpu":
        return {"says": units.percent(row["cpu_share"]), "relation": relation(row["cpu_share"], *ranges["cpu_share"])}
    if figure == "order":
        return {"says": order(row), "relation": order_relation(row["in_order"], CLAIMS[method]["order"])}
    claimed_us = HELLO_US[method]
    return {
        "says": units.duration_of_us(row["hello_max_us"]),
        "relation": relation(row["hello_max_us"], claimed_us, claimed_us),
    }


def timed(row, wanted, count):
    """A time; of a cut run, with what a record costs and what the whole would take at that."""
    if count == CLAIMED_COUNT:
        return {"says": units.duration(row["time_ms"]), "relation": relation(row["time_ms"], *wanted)}
    whole_ms = row["time_ms"] / count * CLAIMED_COUNT
    return {
        "says": f"{units.duration(row['time_ms'])} for {units.count(count)}, {units.cost(row['time_ms'] / count)} "
        f"each; {units.duration(whole_ms)} at that for all",
        "relation": relation(whole_ms, *wanted),
    }


def order(row):
    if row["in_order"] is None:
        return units.NOT_MEASURED
    return IN_ORDER if row["in_order"] else f"{units.count(row['out_of_order_records'], 'record')} out of order"


def order_relation(in_order, claim):
    """A file that happens to be in order says nothing of an order that is not guaranteed."""
    if in_order is None or (in_order and claim != IN_ORDER):
        return None
    return "as claimed" if in_order == (claim == IN_ORDER) else "not as claimed"


def relation(value, least, greatest):
    """Where a figure lies: "as claimed" in the range or within a tenth of it."""
    if value is None:
        return None
    if least * 0.9 <= value <= greatest * 1.1:
        return "as claimed"
    ratio = value / (greatest if value > greatest else least)
    return f"{factor(ratio)} x the claim"


def factor(ratio):
    return f"{ratio:,.0f}" if ratio >= 9.95 else f"{ratio:.1f}" if ratio >= 0.95 else f"{ratio:.2g}"
