# SPDX-License-Identifier: MIT

"""A figure that is judged by the claimed range."""

from collections.abc import Callable

from loopscope_load import Json, units
from loopscope_load.claim_rules.view import NAMES, NODE, Judged, Rule, View, grade

TOLERANCE = 0.1  # of the range's end: a figure that close to the range is "as claimed"
PART_FACTOR = 2.0  # a figure within that factor of the range holds in part

Value = Callable[[View, str, Json], float]
Words = Callable[[float], str]


def number(words: Words, value: Value) -> Rule:
    """Judged is the system that the claim is about: Node.js, or `judged`."""

    def rule(view: View, claim: Json) -> Judged:
        low, high = claim["value"]["min"], claim["value"]["max"]
        cells = view.cells_of(lambda system: words(value(view, system, claim)))
        judged = claim.get("judged", NODE)
        measured = value(view, judged, claim)
        why = f"{NAMES[judged]}: {words(measured)} against {claim['value']['text']}, {relation(measured, low, high)}."
        return Judged(cells, verdict_of(measured, low, high), why)

    return rule


def relation(value: float, minimum: float, maximum: float) -> str:
    """The figure's relation to the claimed range: "as claimed" or a factor."""
    if is_claimed(value, minimum, maximum):
        return "as claimed"
    return f"{units.ratio(value / (maximum if value > maximum or minimum == 0 else minimum))} x the claim"


def verdict_of(value: float, minimum: float, maximum: float) -> str:
    near = minimum / PART_FACTOR <= value <= maximum * PART_FACTOR
    return grade(is_claimed(value, minimum, maximum), near)


def is_claimed(value: float, minimum: float, maximum: float) -> bool:
    return minimum * (1 - TOLERANCE) <= value <= maximum * (1 + TOLERANCE)
