# SPDX-License-Identifier: MIT

"""A session that the page downloaded, as a document of compare.py. No process runs, except in the last test.

session.json was recorded with Chromium: stream, sync, stream and callback of a million records. Only the beginning of what
the page measured between the runs was kept.
"""

import copy
import json
import os
import unittest

import support
from loopscope_load import Json, session
from loopscope_load.terminal import Failure

PATH = support.HERE / "session.json"
RECORDED: Json = json.loads(PATH.read_text(encoding="utf-8"))


def run_of(method: str, index: int = 0) -> Json:
    """A run of that method in the recorded session, the newest first."""
    runs: list[Json] = [run for run in RECORDED["results"] if run["method"] == method]
    return runs[index]


class Session(unittest.TestCase):
    def setUp(self) -> None:
        self.document = session.to_document(RECORDED)
        self.entries = {entry["method"]: entry for entry in self.document["entries"]}

    def test_is_a_document_of_the_schema(self) -> None:
        support.check_schema(self.document)
        self.assertEqual(list(self.entries), ["sync", "callback", "stream"])
        self.assertEqual(self.document["systems"], {"loopscope": {"version": RECORDED["service"]["version"]}})

    def test_runs_of_a_method_are_repeats_with_the_oldest_first(self) -> None:
        stream = self.entries["stream"]
        older, newer = run_of("stream", 1)["time_ms"], run_of("stream", 0)["time_ms"]
        self.assertEqual([repeat["write"]["time_ms"] for repeat in stream["repeats"]], [older, newer])
        time_ms = stream["summary"]["time_ms"]
        self.assertEqual((time_ms["min"], time_ms["max"]), (min(older, newer), max(older, newer)))

    def test_a_method_without_claims_is_there_too(self) -> None:
        renamed = copy.deepcopy(RECORDED)
        for run in renamed["results"]:
            run["method"] = run["method"].replace("stream", "new")
        document = session.to_document(renamed)
        support.check_schema(document)
        self.assertEqual([entry["method"] for entry in document["entries"]], ["sync", "callback", "new"])

    def test_a_run_of_another_count_is_not_a_repeat(self) -> None:
        other = copy.deepcopy(RECORDED)
        older = [run for run in other["results"] if run["method"] == "stream"][1]
        older["count"] = 1000
        [stream] = [entry for entry in session.to_document(other)["entries"] if entry["method"] == "stream"]
        self.assertEqual((stream["count"], len(stream["repeats"])), (1_000_000, 1))

    def test_latencies_of_hello_are_those_that_the_page_showed(self) -> None:
        for method in ("sync", "callback"):
            shown, during = run_of(method)["hello"], self.entries[method]["repeats"][0]["during"]
            self.assertEqual(during["requests"], shown["count"])
            self.assertAlmostEqual(during["p50_us"], shown["p50"] * 1000, -1)
            self.assertAlmostEqual(during["max_us"], shown["max"] * 1000, -1)
            self.assertLess(self.entries[method]["repeats"][0]["idle"]["p50_us"], during["max_us"])

    def test_a_request_without_a_response_is_counted_and_in_no_latency(self) -> None:
        lossy = copy.deepcopy(RECORDED)
        [sync] = [run for run in lossy["results"] if run["method"] == "sync"]
        evidence = sync["evidence"]
        last = max(i for i, due in enumerate(evidence["due_ms"]) if due < sync["to"] - evidence["started_unix_ms"])
        evidence["unanswered_due_ms"].append(evidence["due_ms"].pop(last))
        evidence["took_ms"].pop(last)
        [entry] = [entry for entry in session.to_document(lossy)["entries"] if entry["method"] == "sync"]
        during = entry["repeats"][0]["during"]
        self.assertEqual((during["unanswered"], during["requests"]), (1, sync["hello"]["count"] - 1))

    def test_the_verdict_rests_on_the_stall_record(self) -> None:
        verdicts = {method: entry["summary"]["verdict"]["loop"] for method, entry in self.entries.items()}
        self.assertEqual(verdicts, {"sync": "BLOCKED", "callback": "stressed", "stream": "free"})

    def test_a_measured_zero_is_not_a_missing_figure(self) -> None:
        self.assertEqual(self.entries["stream"]["summary"]["out_of_order_records"], 0)
        self.assertEqual(self.entries["callback"]["summary"]["out_of_order_records"], 63616)

    def test_the_stall_is_inside_the_write_that_caused_it(self) -> None:
        [repeat] = self.entries["sync"]["repeats"]
        [stall] = repeat["stalls"]
        [[begin, end]] = repeat["windows_ms"]
        self.assertTrue(begin <= stall["started_ms"] <= end)
        self.assertEqual(stall["culprit"]["function"], "loopscope::writers::posix_file::blocking_write_some")

    def test_the_claims_are_beside_the_measured_figures(self) -> None:
        rows = {row["id"]: row for row in self.document["claims"]}
        self.assertEqual(rows["sync-time"]["measured"]["loopscope"], "1.82 s")
        self.assertEqual(rows["sync-time"]["verdict"], "not measured")  # the claims are about Node.js
        self.assertIn("--peer node", rows["sync-time"]["why"])

    def test_a_session_that_cannot_be_rendered_has_a_reason(self) -> None:
        damages: tuple[tuple[Json, str], ...] = (
            ({"results": []}, "no run"),
            ({"service": {}}, "KeyError 'machine'"),
            ({"results": [{"method": "sync"}]}, "KeyError"),
        )
        for damage, message in damages:
            with self.assertRaisesRegex(Failure, message):
                session.to_document({**RECORDED, **damage})


class Command(support.Folder):
    def test_makes_a_report_of_a_session_or_names_what_the_file_is_not(self) -> None:
        out = os.path.join(self.folder, "report.html")
        code, _, errors = self.run_script("compare.py", "report", str(PATH), "--out", out)
        self.assertEqual(code, 0, errors)
        with open(out, encoding="utf-8") as page:
            self.assertIn('"schema":"loopscope-compare-1"', page.read())
        other = os.path.join(self.folder, "other.json")
        with open(other, "w", encoding="utf-8") as file:
            json.dump({"format": "another"}, file)
        code, _, errors = self.run_script("compare.py", "report", other)
        self.assertEqual(code, 1)
        self.assertIn("neither a loopscope-compare-1", errors)
        self.assertNotIn("Traceback", errors)


if __name__ == "__main__":
    unittest.main()
