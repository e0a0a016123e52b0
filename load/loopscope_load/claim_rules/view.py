# SPDX-License-Identifier: MIT

"""What a rule sees of a document, what it returns, and the words of a verdict."""

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from loopscope_load import Json, units
from loopscope_load.terminal import first_line
from loopscope_load.verdict import Figures, medians, shown_repeat

HOLDS, IN_PART, NOT = "holds", "holds in part", "does not hold"
NOT_MEASURABLE, NOT_MEASURED = "not measurable here", "not measured"

NODE, OWN = "node", "loopscope"
NAMES = {NODE: "Node.js", OWN: "loopscope"}
NOTICEABLE = 1.1  # one of two figures is slower or larger from that ratio on


class NotMeasured(Exception):
    """The run has no such figure; the text is the reason, a sentence."""


@dataclasses.dataclass(frozen=True)
class Judged:
    """What was measured on each system, in words, and the verdict with its reason. A missing cell has its reason."""

    cells: dict[str, str]
    verdict: str
    why: str


Measured = TypeVar("Measured")


@dataclasses.dataclass
class View:
    """The figures of a document by system and method. `claimed_count`: the records that the claims are about.

    `cells` are those that the last rule has made, which count also where the rule then finds no verdict.
    """

    document: Json
    claimed_count: int
    cells: dict[str, str] = dataclasses.field(default_factory=dict)

    def cells_of(self, cell: Callable[[str], str]) -> dict[str, str]:
        """The cell of each system; one that was not measured says why."""
        self.cells = {}
        for system in (NODE, OWN):
            try:
                self.cells[system] = cell(system)
            except NotMeasured as reason:
                self.cells[system] = f"{NOT_MEASURED}: {reason}"
        return self.cells

    def compare(
        self, measure: Callable[[str], Measured], words: Callable[[Measured], str]
    ) -> tuple[dict[str, str], Measured]:
        """The cell of each system, and what was measured on Node.js, which is judged."""
        cells = self.cells_of(lambda system: words(measure(system)))
        return cells, measure(NODE)

    def judged_system(self, measure: Callable[[str], object]) -> str:
        """Node.js, or loopscope where only that was measured. Raises the reason of Node.js where neither was."""
        try:
            measure(NODE)
        except NotMeasured as reason:
            try:
                measure(OWN)
            except NotMeasured:
                raise reason from None
            return OWN
        return NODE

    def entry(self, system: str, method: str) -> Json:
        self._check_present(system)
        for entry in self.document["entries"]:
            if (entry["system"], entry["method"]) == (system, method):
                if entry["summary"]:
                    found: Json = entry
                    return found
                raise NotMeasured(first_line(entry["reason"]) or f"The measurement was {entry['outcome']}.")
        raise NotMeasured(f"{NAMES[system]} {method} was not part of this run.")

    def shown_repeat(self, system: str, method: str) -> Json:
        return shown_repeat(self.entry(system, method))

    def figures(self, system: str, method: str, any_count: bool = False) -> Figures:
        """The medians of the comparison. Their claims are about claimed_count records, unless `any_count`."""
        entry = self.entry(system, method)
        if not any_count and self.claimed_count not in (entry["count"], entry["cut_from"]):
            raise NotMeasured(
                f"The claim is about {units.count(self.claimed_count, 'record')}; this run wrote "
                f"{units.count(entry['count'])}."
            )
        return medians(entry["summary"])

    def run(self, system: str, name: str) -> Json:
        """One write of the evidence: {"count", "report", "threads", "text"}."""
        return self._measured(system, "runs", name)

    def report(self, system: str, name: str) -> Json:
        found: Json = self.run(system, name)["report"]
        return found

    def of_node(self, name: str, key: str) -> float:
        """A figure that only the write report of Node.js has."""
        return known(self.report(NODE, name)["node"][key], f"'{key}'")

    def part(self, system: str, name: str) -> Json:
        """A part of the evidence of one system: "pages", "crash"."""
        return self._measured(system, None, name)

    def common(self, name: str) -> Json:
        """A part of the evidence that is about no system of ours: "buffers", "memory", "aged"."""
        if name == "buffers":
            self._check_present(NODE)
        return complete(self._evidence().get(name))

    def recommendation(self, system: str, method: str) -> Json:
        self._check_present(system)
        for found in (self.document.get("recommendations") or {}).get("methods", []):
            if (found["system"], found["method"]) == (system, method):
                recommended: Json = found
                return recommended
        raise NotMeasured(f"{NAMES[system]} {method} was not measured at rising counts.")

    def for_all(self, ms: float, count: int) -> float:
        """The time for claimed_count records at that cost of a record."""
        return ms / count * self.claimed_count

    def _evidence(self) -> Json:
        found: Json | None = self.document.get("evidence")
        if not found or (found["count"] is None and not self.document["settings"]["peer"]):
            raise NotMeasured("This document is not of a run of compare.py, which measures it.")
        return found

    def _measured(self, system: str, part: str | None, name: str) -> Json:
        self._check_present(system)
        place: Json = self._evidence()["systems"].get(system) or {}
        found: Json | None = (place.get(part) or {} if part else place).get(name)
        if not found and self.document["finished"]:
            raise NotMeasured(f"{NAMES[system]} {name} was not part of this run.")
        return complete(found)

    def _check_present(self, system: str) -> None:
        absent = (self.document.get("evidence") or {}).get("absent", {})
        if system in absent:
            raise NotMeasured(absent[system])
        if system == NODE and NODE not in self.document["systems"]:
            raise NotMeasured("Node.js was not measured: compare.py --peer node does that.")


Rule = Callable[[View, Json], Judged]


def complete(found: Json | None) -> Json:
    if not found:
        raise NotMeasured("The run ended before that.")
    if "reason" in found:
        raise NotMeasured(first_line(found["reason"]))
    return found


def known(value: float | None, what: str) -> float:
    if value is None:
        raise NotMeasured(f"{what} was not measured.")
    return value


def grade(holds: bool, in_part: bool = False) -> str:
    """The verdict of a claim that holds, or else holds in part, or else not."""
    return HOLDS if holds else IN_PART if in_part else NOT
