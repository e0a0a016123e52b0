# SPDX-License-Identifier: MIT

"""Rules on figures of the comparison: time, CPU, order, and what the loop and /hello did meanwhile."""

from loopscope_load import Json, units
from loopscope_load.claim_rules.claimed_range import Value
from loopscope_load.claim_rules.view import HOLDS, IN_PART, NODE, Judged, NotMeasured, View, grade, known
from loopscope_load.verdict import Loop


def time_ms(view: View, system: str, claim: Json) -> float:
    figures = view.figures(system, claim["method"])
    return view.for_all(figures.time_ms, figures.count)


def figure(name: str, what: str) -> Value:
    def value(view: View, system: str, claim: Json) -> float:
        measured: float | None = getattr(view.figures(system, claim["method"]), name)
        return known(measured, what)

    return value


def idle_share(view: View, system: str, claim: Json) -> float:
    return max(0.0, 1 - known(view.figures(system, claim["method"], any_count=True).cpu_share, "The CPU time"))


def records_per_s(view: View, system: str, claim: Json) -> float:
    figures = view.figures(system, claim["method"], any_count=True)
    return figures.count / figures.time_ms * 1000


def record_ms(view: View, system: str, claim: Json) -> float:
    figures = view.figures(system, claim["method"], any_count=True)
    return figures.time_ms / figures.count


def order(view: View, claim: Json) -> Judged:
    kept = claim["value"]["in_order"]

    def cell(system: str) -> str:
        figures = view.figures(system, claim["method"], any_count=True)
        if figures.in_order is None:
            raise NotMeasured("The file was not read back.")
        return "in order" if figures.in_order else f"{units.count(figures.out_of_order_records, 'record')} out of order"

    cells, said = view.compare(cell, str)
    if said != "in order":
        return Judged(cells, grade(not kept), f"The file of Node.js has {said}.")
    if kept:
        return Judged(cells, HOLDS, "The file of Node.js has every record in its place.")
    # A file that happens to be in order does not contradict "not guaranteed", and does not show it either.
    return Judged(cells, IN_PART, "The file of Node.js happened to be in order in this run.")


def loop(view: View, claim: Json) -> Judged:
    """What the loop was during the write, against BLOCKED or free."""

    def cell(system: str) -> str:
        found = view.figures(system, claim["method"], any_count=True).verdict
        if found.loop is None:
            raise NotMeasured("No /hello that was due during the write was answered.")
        stood = "" if found.stall_ms is None else f", at most {units.duration(found.stall_ms)} at once"
        return f"{found.loop}{stood}"

    cells, said = view.compare(cell, str)
    measured = view.figures(NODE, claim["method"], any_count=True).verdict.loop
    stressed = measured is Loop.STRESSED
    agrees = (measured is Loop.BLOCKED) == (claim["value"]["text"] == "BLOCKED")
    claimed = claim["value"]["text"].strip('"')
    why = f"The loop of Node.js was {said}; the claim is {claimed}."
    return Judged(cells, grade(agrees and not stressed, stressed), why)


def waited_for_the_loop(view: View, claim: Json) -> Judged:
    """Whether a request that comes during the write waits until the end of it."""

    def waited(system: str) -> tuple[float, float]:
        figures = view.figures(system, claim["method"], any_count=True)
        return known(figures.hello_max_us, "/hello") / 1000, figures.time_ms

    cells, (waited_ms, whole_ms) = view.compare(
        waited, lambda pair: "the slowest waited {} of {}".format(*map(units.duration, pair))
    )
    share = waited_ms / whole_ms
    why = f"The slowest /hello of Node.js waited {share * 100:.0f} % of the write's time."
    return Judged(cells, grade(share >= 0.8, share >= 0.4), why)
