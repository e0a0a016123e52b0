# SPDX-License-Identifier: MIT

"""Rules on advice, against the recommendations that recommendations.py makes from measurements at rising counts.

The recommendations of both systems follow from the same rules. So loopscope is judged where Node.js was not measured.
"""

from collections.abc import Callable

from loopscope_load import Json, units
from loopscope_load.claim_rules.view import NAMES, NOT, Judged, NotMeasured, View, grade


def compare(
    view: View, measure: Callable[[str], Json], words: Callable[[Json], str]
) -> tuple[dict[str, str], str, Json]:
    """The cells, the system that is judged, and its recommendation."""
    cells = view.cells_of(lambda system: words(measure(system)))
    judged = view.judged_system(measure)
    return cells, judged, measure(judged)


def fit_or_not(view: View, system: str, method: str) -> Json:
    found = view.recommendation(system, method)
    if found["production"] is None:
        raise NotMeasured(found["reason"])
    return found


def usable(view: View, system: str, method: str) -> Json:
    """A recommendation that says what the method is for."""
    found = view.recommendation(system, method)
    if found["use_for"] is None:
        raise NotMeasured(found["reason"])
    return found


def production(view: View, claim: Json) -> Judged:
    method = claim["method"]

    def words(found: Json) -> str:
        return f"{'yes' if found['production'] else 'no'}: {found['reason']}"

    cells, judged, found = compare(view, lambda system: fit_or_not(view, system, method), words)
    verdict = grade(found["production"] == claim["value"]["production"])
    why = f"By the rules of this report, {NAMES[judged]} {method} is {'' if found['production'] else 'not '}fit."
    return Judged(cells, verdict, why)


def only_streams(view: View, claim: Json) -> Judged:
    """It holds where stream is fit and every other method is known not to be."""
    every: list[Json] = (view.document.get("recommendations") or {}).get("methods", [])

    def cell(system: str) -> str:
        fit_or_not(view, system, "stream")
        fit = [each["method"] for each in every if each["system"] == system and each["production"]]
        return f"fit for production: {', '.join(fit) or 'none'}"

    cells = view.cells_of(cell)
    others = [each for each in every if each["method"] != "stream"]
    fit = [f"{NAMES[each['system']]} {each['method']}" for each in others if each["production"]]
    if fit:
        return Judged(cells, NOT, f"Fit by the same rules: {', '.join(fit)}.")
    judged = view.judged_system(lambda system: fit_or_not(view, system, "stream"))
    if not others:
        raise NotMeasured("No other method was measured at rising counts.")
    for each in others:
        fit_or_not(view, each["system"], each["method"])
    verdict = grade(view.recommendation(judged, "stream")["production"])
    return Judged(cells, verdict, "No other method is fit by the rules of this report.")


def up_to_a_count(view: View, claim: Json) -> Judged:
    """Advice about counts: up to `value.max` records it does well, from `value.never_from` on it never does."""

    def words(found: Json) -> str:
        return f"use it for {found['use_for']}"

    cells, judged, found = compare(view, lambda system: usable(view, system, claim["method"]), words)
    edges = [edge for edge in (found["harmful_from"], found["slow_from"]) if edge]
    if not edges:
        return Judged(cells, NOT, "At no measured count did it do harm or become slow.")
    edge = min(edges)
    well, ends = edge > claim["value"]["max"], edge <= claim["value"]["never_from"]
    why = f"In {NAMES[judged]} it does harm or is slow from {units.count(edge, 'record')} on."
    return Judged(cells, grade(well and ends, well or ends), why)


def alone(view: View, claim: Json) -> Judged:
    """Advice to use a blocking method only where nobody else waits: it does harm, and its file is in order."""

    def words(found: Json) -> str:
        return f"never for {found['never_for'] or 'nothing'}"

    cells, judged, found = compare(view, lambda system: usable(view, system, claim["method"]), words)
    edge = found["harmful_from"]
    if not edge:
        return Judged(cells, NOT, f"In {NAMES[judged]} it did no harm at any measured count.")
    in_order = view.figures(judged, claim["method"], any_count=True).in_order
    if in_order is None:
        raise NotMeasured("The file was not read back.")
    order = "in order" if in_order else "out of order"
    why = f"In {NAMES[judged]} it does harm from {units.count(edge, 'record')} on, and its file is {order}."
    return Judged(cells, grade(in_order, in_part=True), why)
