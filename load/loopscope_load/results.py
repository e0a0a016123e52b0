"""The document of a comparison, results.json: complete after every measurement, described by results.schema.json."""

import datetime
import json
import os

from loopscope_load import claims_table, finding, machine, other_claims
from loopscope_load.build import ROOT
from loopscope_load.failure import Failure
from loopscope_load.summary import summary

SCHEMA = "loopscope-compare-1"


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


class Results:
    """Grows with every measurement; save() leaves a whole file, whatever happens."""

    def __init__(self, path, settings, systems, data_dir):
        self.path = path
        self.document = {
            "schema": SCHEMA,
            "started": now(),
            "finished": None,
            "machine": machine.facts(ROOT, data_dir),
            "settings": settings,
            "systems": {system.name: {"version": system.version()} for system in systems},
            "entries": [],
            "claims": [],
            "other_claims": [],
            "finding": [],
            "caveats": [],
        }
        self.save()

    def entry(self, system, method, count):
        """The entry of that method, created when it is not there: interrupted, until something else is known."""
        for entry in self.document["entries"]:
            if (entry["system"], entry["method"]) == (system, method):
                return entry
        entry = {
            "system": system,
            "method": method,
            "count": count,
            "cut_from": None,
            "outcome": "interrupted",
            "reason": None,
            "repeats": [],
            "summary": None,
        }
        self.document["entries"].append(entry)
        return entry

    def measured(self, entry, repeat):
        entry["repeats"].append(repeat)
        entry["outcome"] = "measured"
        entry["summary"] = summary(entry["repeats"], entry["count"])
        self.conclude_()

    def not_measured(self, entry, outcome, reason):
        """What was measured in earlier repeats stays; the reason is kept either way."""
        entry["reason"] = reason
        if not entry["repeats"]:
            entry["outcome"] = outcome
        self.conclude_()

    def finish(self):
        self.document["finished"] = now()
        self.save()

    def conclude_(self):
        document = self.document
        document["claims"] = claims_table.rows(document["entries"], document["settings"])
        document["other_claims"] = other_claims.rows(document["entries"])
        document["finding"] = finding.sentences(document)
        document["caveats"] = finding.caveats(document)
        self.save()

    def save(self):
        write_whole(self.path, json.dumps(self.document, separators=(",", ":")) + "\n")


def write_whole(path, text):
    """Writes a file that is never seen half written."""
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path + ".part", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".part", path)
    except OSError as error:
        raise Failure(f"Cannot write {path}: {error.strerror}.") from error


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        raise Failure(f"Cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
        raise Failure(f"{path} is not JSON: {error}.") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise Failure(f"{path} is not a {SCHEMA} document.")
    return document
