# SPDX-License-Identifier: MIT

"""results.json, the document of a comparison: complete after every measurement, described by results.schema.json."""

import datetime
import json
import os
import platform
import re
import subprocess
from collections.abc import Sequence

from loopscope_load import Json, claims, evidence, findings, recommendations, scale
from loopscope_load.build import ROOT
from loopscope_load.servers import System
from loopscope_load.terminal import Failure
from loopscope_load.verdict import summary

SCHEMA = "loopscope-compare-1"


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


class Results:
    """The document grows with every measurement. save() leaves a whole file, whatever happens."""

    def __init__(
        self,
        path: str,
        settings: Json,
        systems: Sequence[System],
        data_dir: str,
        absent: dict[str, str] | None = None,
    ) -> None:
        """`absent`: the systems that were asked for and cannot be measured, with the reason."""
        self.path = path
        self._points: list[Json] = []
        self.document: Json = {
            "schema": SCHEMA,
            "started": now(),
            "finished": None,
            "machine": machine(data_dir),
            "settings": settings,
            "systems": {system.name: {"version": system.version()} for system in systems},
            "entries": [],
            "evidence": evidence.empty(absent),
            "claims": [],
            "scale": [],
            "recommendations": recommendations.document_part([]),
            "finding": [],
            "caveats": [],
        }
        self.save()

    def entry(self, system: str, method: str, count: int) -> Json:
        """The entry of that method. A new one is "interrupted" until something else is known."""
        entries: list[Json] = self.document["entries"]
        for entry in entries:
            if (entry["system"], entry["method"]) == (system, method):
                return entry
        entries.append(new_entry(system, method, count))
        return entries[-1]

    def add_repeat(self, entry: Json, repeat: Json) -> None:
        entry["repeats"].append(repeat)
        entry["outcome"] = "measured"
        entry["summary"] = summary(entry["repeats"], entry["count"])
        self.conclude()

    def set_outcome(self, entry: Json, outcome: str, reason: str) -> None:
        """The outcome is that of the first repeat that was measured, if there is one. The reason is kept in any case."""
        entry["reason"] = reason
        if not entry["repeats"]:
            entry["outcome"] = outcome
        self.conclude()

    def add_points(self, points: Sequence[Json]) -> None:
        """Adds the points of one method that scale.measure() returned."""
        self._points += points
        self.conclude()

    def finish(self) -> None:
        self.document["finished"] = now()
        self.conclude()

    def conclude(self) -> None:
        """Draws the conclusions from what was measured until now, and saves."""
        document = self.document
        document["scale"] = all_points(document["entries"], self._points)
        document["recommendations"] = recommendations.document_part(document["scale"])
        document["claims"] = claims.rows(document)
        document["finding"] = findings.sentences(document)
        document["caveats"] = findings.caveats(document)
        self.save()

    def save(self) -> None:
        write_whole(self.path, json.dumps(self.document, separators=(",", ":")) + "\n")


def all_points(entries: Sequence[Json], points: Sequence[Json]) -> list[Json]:
    """The points of all counts: those of the comparison's own count are in its entries."""
    own = [point for entry in entries if (point := scale.point_of(entry))]
    order = list(dict.fromkeys((point["system"], point["method"]) for point in [*own, *points]))
    return sorted(
        [*own, *points], key=lambda point: (order.index((point["system"], point["method"])), int(point["count"]))
    )


def new_entry(system: str, method: str, count: int) -> Json:
    return {
        "system": system,
        "method": method,
        "count": count,
        "cut_from": None,
        "outcome": "interrupted",
        "reason": None,
        "repeats": [],
        "summary": None,
    }


def write_whole(path: str, text: str) -> None:
    """Writes a file that nobody sees half written."""
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path + ".part", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".part", path)
    except OSError as error:
        raise Failure(f"Cannot write {path}: {error.strerror}.") from error


def read_json(path: str) -> Json:
    """The JSON object in the file."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        raise Failure(f"Cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
        raise Failure(f"{path} is not JSON: {error}.") from error
    return document if isinstance(document, dict) else {}


def read(path: str) -> Json:
    document = read_json(path)
    if document.get("schema") != SCHEMA:
        raise Failure(f"{path} is not a {SCHEMA} document.")
    return document


def machine(data_dir: str | None) -> Json:
    """Where the figures are measured. What cannot be found out is None. data_dir is None when there are no files."""
    commit = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain") if commit else None
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "file_system": _file_system(data_dir) if data_dir else None,
        "load_average_1m": _load_average(),
        "commit": commit or None,
        "uncommitted_changes": None if changes is None else changes != "",
    }


def _load_average() -> float | None:
    """The average number of runnable threads in the last minute."""
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None


def _cpu_model() -> str | None:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                if name.strip() == "model name":
                    return re.sub(r"\s+", " ", value.strip())
    except OSError:
        pass
    return platform.machine() or None


def _file_system(path: str) -> str | None:
    """The type of the file system that holds the path, such as ext4."""
    device = os.stat(path).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    found = None
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
        for mount in mounts:
            left, _, right = mount.partition(" - ")
            if left.split()[2] == wanted:
                found = right.split()[0]
    return found


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, timeout=10, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
