# SPDX-License-Identifier: MIT

"""The book of claims (load/claims.json) and its confrontation with the figures of a comparison.

CLAIMS has the short claims of each method of the articles, by figure: time, memory, cpu, hello, loop, order. loopscope has
further methods, which the articles do not cover.
"""

import json
import os

from loopscope_load import Json
from loopscope_load.claim_rules import judge
from loopscope_load.claim_rules.view import View

with open(os.path.join(os.path.dirname(os.path.dirname(__file__)), "claims.json"), encoding="utf-8") as _file:
    BOOK: Json = json.load(_file)
CLAIMED_COUNT: int = BOOK["count"]
IN_FINDING = {claim["id"] for claim in BOOK["claims"] if "finding" in claim["shown"]}


def _by_method() -> dict[str, dict[str, Json]]:
    found: dict[str, dict[str, Json]] = {}
    for claim in BOOK["claims"]:
        if "method" in claim and "figure" in claim:
            found.setdefault(claim["method"], {})[claim["figure"]] = claim["value"]
    return found


CLAIMS: dict[str, dict[str, Json]] = _by_method()


def rows(document: Json) -> list[Json]:
    """Every claim of the book with what the document has measured about it, as results.schema.json describes it."""
    view = View(document, CLAIMED_COUNT)
    return [row(view, claim) for claim in BOOK["claims"]]


def is_drawn(document: Json) -> bool:
    """Whether the report has a drawing of a stream's buffer."""
    systems = (document.get("evidence") or {}).get("systems", {}).values()
    return any((run.get("buffer") or {}).get("at_us") for system in systems for run in system["runs"].values())


def row(view: View, claim: Json) -> Json:
    judged = judge(view, claim)
    return {
        "id": claim["id"],
        "article": BOOK["articles"][claim["article"]],
        "method": claim.get("method"),
        "claim": claim["says"],
        "value": claim["value"]["text"],
        "how": claim.get("how"),
        "unit": claim["unit"],
        "measured": judged.cells,
        "verdict": judged.verdict,
        "why": judged.why,
        "drawn_at": claim.get("drawn_at") if is_drawn(view.document) else None,
    }
