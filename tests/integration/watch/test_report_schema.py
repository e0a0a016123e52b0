# SPDX-License-Identifier: MIT

"""The JSON of `loopscope watch` follows its schema, for reports of every kind."""

import json
import os
import pathlib
import subprocess
import unittest
from collections.abc import Callable
from typing import Any

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "server/watch/report/watch.schema.json").read_text(encoding="utf-8"))
ADMIN_SCHEMA = json.loads((ROOT / "tests/integration/service/admin_schema.json").read_text(encoding="utf-8"))
PROGRAM = os.environ["LOOPSCOPE_WATCH_REPORT_SAMPLES"]


def run(*arguments: str) -> str:
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, timeout=30, check=True)
    return done.stdout.decode("utf-8")


def problems(document: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)]


class Schema(unittest.TestCase):
    def test_is_a_schema(self) -> None:
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_describes_every_report(self) -> None:
        names = run().split()
        self.assertGreater(len(names), 4)
        for name in names:
            with self.subTest(name):
                self.assertEqual(problems(json.loads(run("json", name))), [])

    def test_finds_what_is_missing_or_too_much(self) -> None:
        changes: tuple[Callable[[Any], Any], ...] = (
            lambda report: report.pop("exit"),
            lambda report: report.update(more=1),
            lambda report: report["stalls"][0].pop("pid"),
            lambda report: report["stalls"][0].pop("sentence"),
            lambda report: report["processes"][0]["loops"][0].update(turns=None),
            lambda report: report["exit"].update(signal=9),
        )
        for change in changes:
            report = json.loads(run("json", "node"))
            change(report)
            self.assertEqual(len(problems(report)), 1)

    def test_a_stall_has_the_fields_of_the_services_stalls(self) -> None:
        definitions = ADMIN_SCHEMA["$defs"]
        for name in ("holder", "operation", "request", "frame"):
            self.assertEqual(list(SCHEMA["$defs"][name]["properties"]), list(definitions[name]["properties"]), name)
        stall = SCHEMA["$defs"]["stall"]
        self.assertEqual(list(stall["properties"]), ["pid", *definitions["stall"]["properties"]])
        self.assertEqual(stall["required"], list(stall["properties"]))


if __name__ == "__main__":
    unittest.main()
