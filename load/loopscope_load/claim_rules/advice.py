# SPDX-License-Identifier: MIT

"""Rules on advice, against the recommendations that recommendations.py makes from measurements at rising counts."""

from loopscope_load import Json, units
from loopscope_load.claim_rules.view import NAMES, NODE, NOT, OWN, Judged, NotMeasured, View, grade


def production(view: View, claim: Json) -> Judged:
    def fit(system: str) -> Json:
        found = view.recommendation(system, claim["method"])
        if found["production"] is None:
            raise NotMeasured(found["reason"])
        return found

    def words(found: Json) -> str:
        return f"{'yes' if found['production'] else 'no'}: {found['reason']}"

    cells, found = view.compare(fit, words)
    verdict = grade(found["production"] == claim["value"]["production"])
    why = f"By the rules of this report, Node.js {claim['method']} is {'' if found['production'] else 'not '}fit."
    return Judged(cells, verdict, why)


def only_streams(view: View, claim: Json) -> Judged:
    def fit(system: str) -> list[str]:
        found = view.document.get("recommendations", {}).get("methods", [])
        if not found:
            raise NotMeasured("No method was measured at rising counts.")
        return [each["method"] for each in found if each["system"] == system and each["production"]]

    cells = view.cells_of(lambda system: f"fit for production: {', '.join(fit(system)) or 'none'}")
    others = [f"{NAMES[system]} {method}" for system in (NODE, OWN) for method in fit(system) if method != "stream"]
    if others:
        return Judged(cells, NOT, f"Fit by the same rules: {', '.join(others)}.")
    holds = view.recommendation(NODE, "stream")["production"]
    return Judged(cells, grade(bool(holds)), "No other method is fit by the rules of this report.")


def up_to_a_count(view: View, claim: Json) -> Judged:
    """Advice about counts: up to `value.max` records it does well, from `value.never_from` on it never does."""

    def words(found: Json) -> str:
        return f"use it for {found['use_for'] or 'nothing that was measured'}"

    cells, found = view.compare(lambda system: view.recommendation(system, claim["method"]), words)
    if found["use_for"] is None:
        raise NotMeasured(found["reason"])
    edges = [edge for edge in (found["harmful_from"], found["slow_from"]) if edge]
    if not edges:
        return Judged(cells, NOT, "At no measured count did it do harm or become slow.")
    edge = min(edges)
    well, ends = edge > claim["value"]["max"], edge <= claim["value"]["never_from"]
    why = f"In Node.js it does harm or is slow from {units.count(edge, 'record')} on."
    return Judged(cells, grade(well and ends, well or ends), why)


def alone(view: View, claim: Json) -> Judged:
    """Advice to use a blocking method only where nobody else waits: it does harm, and its file is in order."""

    def words(found: Json) -> str:
        return f"never for {found['never_for'] or 'nothing'}"

    cells, found = view.compare(lambda system: view.recommendation(system, claim["method"]), words)
    figures = view.figures(NODE, claim["method"], any_count=True)
    edge = found["harmful_from"]
    why = (
        f"It does harm from {units.count(edge, 'record')} on, and its file is in order." if edge else "It did no harm."
    )
    return Judged(cells, grade(bool(edge and figures.in_order), bool(edge)), why)
