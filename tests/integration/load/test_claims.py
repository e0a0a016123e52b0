# SPDX-License-Identifier: MIT

"""The book of claims: every entry is measured by a run, or says why none can; what is missing has its reason, never a 0."""

import os
import pathlib
import re
import shutil
import stat
import tempfile
import unittest
import unittest.mock
from typing import Any

import sample_results as sample
import support
from loopscope_load import (
    Json,
    buffer_trace,
    claims,
    evidence,
    experiment,
    page_cache,
    recommendations,
    servers,
    table,
    terminal,
)
from loopscope_load.claim_rules import RULES, claimed_range, judge
from loopscope_load.claim_rules.view import HOLDS, IN_PART, NOT, NOT_MEASURABLE, NOT_MEASURED, Judged, View

REAL = ("--server", os.environ["LOOPSCOPE_BINARY"], "--probe", os.environ["LOOPSCOPE_PROBE"])
NODE = shutil.which("node") or shutil.which("nodejs")
ROOT = pathlib.Path(__file__).resolve().parents[3]
COUNT = 30_000
RUN_TIMEOUT_S = 400  # two minutes on a machine with nothing else to do
BY_RISING_COUNTS = {
    "production",
    "only streams",
    "advice",
    "alone",
}  # from recommendations, which need a million records
BY_WAITING = {"aged"}  # the kernel waits half a minute
BY_GROWTH = {"memory over time", "stable", "itemised"}  # of callback, which COUNT is too few for
RULES_OF_THE_DISK = {"only cached", "fsync", "aged", "disk"}
BY_ADDING_UP = {"phases"}  # a machine that is busy with other work can keep the parts from the sum
CONDITIONAL = BY_RISING_COUNTS | BY_WAITING | BY_GROWTH | BY_ADDING_UP | RULES_OF_THE_DISK
SHOWN = {"table", "report", "page", "readme", "finding"}


def claim(name: str) -> Json:
    [found] = [each for each in claims.BOOK["claims"] if each["id"] == name]
    one: Json = found
    return one


def article_line(method: str) -> str:
    """What the table prints of the articles below that method's figures."""
    [line] = [each for each in table.block([sample.entry(method)]) if each.startswith("  article")]
    return line


class Book(unittest.TestCase):
    def test_every_entry_has_a_measurement_or_the_words_why_none_is_possible(self) -> None:
        for each in claims.BOOK["claims"]:
            with self.subTest(claim=each["id"]):
                self.assertNotEqual("measure" in each, "not_measurable" in each)
                if "measure" in each:
                    self.assertIn(each["measure"], RULES)
                    self.assertGreater(len(each["how"]), 10)
                    self.assertIn("report", each["shown"])
                else:
                    self.assertGreater(len(each["not_measurable"].split()), 5)
                for name in ("says", "unit"):
                    self.assertTrue(each[name])
                self.assertTrue(each["value"]["text"])
                self.assertIn(each["article"], claims.BOOK["articles"])
                self.assertLessEqual(set(each["shown"]), SHOWN)

    def test_an_id_is_used_once_and_every_rule_by_a_claim(self) -> None:
        ids = [each["id"] for each in claims.BOOK["claims"]]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual({each["measure"] for each in claims.BOOK["claims"] if "measure" in each}, set(RULES))

    def test_every_method_of_the_articles_has_its_short_claims(self) -> None:
        self.assertEqual(list(claims.CLAIMS), ["sync", "promise", "callback", "stream"])
        for figures in claims.CLAIMS.values():
            self.assertEqual(set(figures), {"time", "memory", "cpu", "hello", "loop", "order"})

    def test_what_is_said_to_be_on_the_page_and_in_the_table_is_there(self) -> None:
        page = (ROOT / "server/dashboard/page/run/results.js").read_text(encoding="utf-8")
        drawn = set(re.findall(r"\bclaim\.(\w+)\.text", page))
        self.assertIn("time", drawn)
        for each in claims.BOOK["claims"]:
            with self.subTest(claim=each["id"]):
                has_cell = "method" in each and "figure" in each
                self.assertEqual("page" in each["shown"], has_cell and each["figure"] in drawn)
                printed = has_cell and each["value"]["text"] in article_line(each["method"])
                self.assertEqual("table" in each["shown"], printed)

    def test_the_readme_quotes_the_book(self) -> None:
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        quoted = re.findall(r"(?m)^(\w+) +[\d.]+ (?:m?s|us).*\n(?:  node .*\n)?  article +(.*)$", readme)
        for method, words in quoted:
            with self.subTest(method=method):
                rest = words
                for value in sorted((each["text"] for each in claims.CLAIMS[method].values()), key=len, reverse=True):
                    rest = rest.replace(value, "", 1)
                self.assertEqual(rest.split(), [])


class Verdicts(unittest.TestCase):
    def test_a_figure_is_judged_by_the_claimed_range(self) -> None:
        for value, relation, verdict in (
            (2500, "as claimed", HOLDS),
            (3200, "as claimed", HOLDS),
            (6000, "2.0 x the claim", IN_PART),
            (1500, "0.75 x the claim", IN_PART),
            (500, "0.25 x the claim", NOT),
            (60_000, "20 x the claim", NOT),
        ):
            self.assertEqual(claimed_range.relation(value, 2000, 3000), relation)
            self.assertEqual(claimed_range.verdict_of(value, 2000, 3000), verdict)

    def judged(self, name: str, document: Json) -> Judged:
        return judge(View(document, claims.CLAIMED_COUNT), claim(name))

    def of_node(self, name: str, method: str, **figures: Any) -> Judged:
        return self.judged(name, sample.document([sample.entry(method, [sample.repeat(**figures)], "node")]))

    def with_run(self, name: str, method: str, run: Json, system: str = "node", **part: Json) -> Judged:
        """The claim, where one write of the evidence is all that was measured. `part`: further parts of the evidence."""
        document = sample.document([])
        document["evidence"] |= {"count": run["count"], "systems": {system: {"runs": {method: run}}}, **part}
        document["systems"][system] = {}
        return self.judged(name, document)

    def test_parts_that_do_not_add_up_to_the_whole_are_not_judged(self) -> None:
        for calls_ms, verdict in ((2500.0, HOLDS), (3100.0, HOLDS), (11_200.0, NOT_MEASURED), (1700.0, NOT_MEASURED)):
            node = {"loop_alone_ms": 217.0, "calls_ms": calls_ms}
            report = {"timing_ms": {"completed": 2900.0, "queued": 2900.0}, "node": node}
            judged = self.with_run("sync-phases", "sync", {"count": 1_000_000, "report": report})
            self.assertEqual(judged.verdict, verdict, judged)
            self.assertIn("whole 2.90 s", judged.cells["node"])
        self.assertIn("their sum is 1.92 s, the whole 2.90 s", judged.why)

    def test_memory_is_not_judged_to_stay_level_where_so_few_were_queued_that_it_could_not_grow(self) -> None:
        report = {"memory": {"rss_before_bytes": 50_000_000, "rss_peak_bytes": 60_000_000}}
        for count, verdict in ((30_000, NOT_MEASURED), (99_999, NOT_MEASURED), (100_000, NOT), (1_000_000, NOT)):
            judged = self.with_run("callback-stable", "callback", {"count": count, "report": report})
            self.assertEqual(judged.verdict, verdict, judged)
            entry = sample.entry("callback", system="node", count=count)
            judged = self.judged("callback-memory-over-time", sample.document([entry], count=count))
            self.assertEqual(judged.verdict, verdict, judged)
            self.assertIn("node", judged.cells)
        judged = self.with_run("stream-stable", "stream", {"count": 30_000, "report": report})
        self.assertEqual(judged.verdict, HOLDS)

    def test_the_pool_is_the_threads_that_wrote(self) -> None:
        def thread(cpu_ms: float, writes: int) -> Json:
            return {"name": "node", "cpu_ms": cpu_ms, "writes": writes}

        v8_workers = [thread(700, 0), thread(900, 9)]
        for pool_ms, verdict in ((100, NOT), (600, IN_PART), (1200, HOLDS)):
            threads = [thread(1300, 20), *v8_workers, thread(pool_ms, 500_000), thread(pool_ms, 500_000)]
            run = {"count": 1_000_000, "report": {"cpu": {"loop_thread_ms": 1100.0}}, "threads": threads}
            judged = self.with_run("pool-cpu", "callback", run)
            self.assertEqual(judged.verdict, verdict, judged)
            self.assertRegex(judged.cells["node"], r"loop 1\.30 s of CPU, pool (\S+ m?s) \+ \1, others 1\.60 s")
            own = self.with_run("pool-cpu", "callback", run, "loopscope")
            self.assertRegex(own.cells["loopscope"], r"loop 1\.10 s of CPU, pool .*, others 1\.80 s")
            judged = self.with_run("pool-threads", "callback", run)
            self.assertIn("2 threads: 500,000, 500,000", judged.cells["node"])

    def test_the_cost_of_avoidable_copies_begins_with_their_number(self) -> None:
        def run(copies: int, ms: float) -> Json:
            memory = {"rss_before_bytes": 0, "rss_peak_bytes": 500_000_000 + ms}
            node = {"allocated_bytes": 250_000_000 * copies}
            report = {"copies_per_record": copies, "timing_ms": {"completed": ms}, "memory": memory, "node": node}
            return {"count": 1_000_000, "report": report}

        document = sample.document([])
        runs = {"callback-copies": run(4, 2000.0), "callback-buffer": run(2, 1000.0)}
        document["evidence"] |= {"count": 1_000_000, "systems": {"node": {"runs": runs}}}
        document["systems"]["node"] = {}
        judged = self.judged("redundant-copies", document)
        self.assertEqual(judged.verdict, IN_PART, judged)
        self.assertIn("callback-copies: 4 copies, time 2.00 s", judged.cells["node"])
        self.assertIn("callback-buffer: 2 copies, time 1.00 s", judged.cells["node"])

        # Without a copy more it is not the claimed reason, however much it costs.
        runs["callback"] = run(2, 2000.0)
        runs["callback"]["report"]["memory"]["rss_peak_bytes"] *= 2
        runs["callback"]["report"]["node"]["allocated_bytes"] *= 2
        judged = self.judged("pass-the-buffer", document)
        self.assertEqual(judged.verdict, IN_PART, judged)
        self.assertIn("no copy is saved, both make 2; time 2.0 times", judged.why)

    def test_pages_have_until_the_kernel_looks_at_them_to_be_written_back(self) -> None:
        centisecs = [
            pathlib.Path(f"/proc/sys/vm/dirty_{name}_centisecs").read_text() for name in ("expire", "writeback")
        ]
        self.assertEqual(
            sum(map(evidence.seconds_in, evidence.EXPIRE_FILES)), sum(int(text) / 100 for text in centisecs)
        )
        document = sample.document([], peer="node")
        for after_s, after_bytes, verdict in (
            (32.0, 7_000_000, NOT_MEASURED),
            (36.0, 7_000_000, NOT),
            (36.0, 0, HOLDS),
        ):
            aged = {"before_bytes": 7_900_000, "after_bytes": after_bytes, "after_s": after_s, "expire_s": 35.0}
            document["evidence"] |= {"count": 1_000_000, "aged": aged}
            judged = self.judged("flush-after-time", document)
            self.assertEqual(judged.verdict, verdict, judged)

    def test_what_reaches_the_disk_is_not_judged_on_a_file_system_in_memory(self) -> None:
        pages = {"cached_bytes": 7_900_000, "dirty_bytes": 7_900_000, "writeback_bytes": 0}
        life: Json = {"size_bytes": 7_900_000, **dict.fromkeys(("closed", "synced", "evicted", "read_back"), pages)}
        aged = {"before_bytes": 7_900_000, "after_bytes": 7_900_000, "after_s": 40.0, "expire_s": 35.0}
        document = sample.document([sample.entry("promise", system="node")])
        document["evidence"] |= {"count": 1_000_000, "systems": {"node": {"runs": {}, "pages": life}}, "aged": aged}
        names = [each["id"] for each in claims.BOOK["claims"] if each.get("measure") in RULES_OF_THE_DISK]
        self.assertLessEqual({"flush-on-close", "flush-on-fsync", "flush-after-time", "finish-is-safe"}, set(names))
        for name in names:
            with self.subTest(claim=name):
                document["machine"]["file_system"] = "ext4"
                self.assertNotEqual(self.judged(name, document).verdict, NOT_MEASURED)
                document["machine"]["file_system"] = "tmpfs"
                judged = self.judged(name, document)
                self.assertEqual(judged.verdict, NOT_MEASURED)
                self.assertIn("on tmpfs, which is memory", judged.why)

    def test_the_disk_is_judged_by_the_first_write_which_has_no_file_before_it(self) -> None:
        repeat = sample.repeat()
        repeat["windows_ms"] = [[500.0, 1500.0], [2000.0, 3000.0]]
        repeat["samples"] |= {"cached_bytes": [0, 4_000_000, 8_000_000, 8_000_000]}
        repeat["samples"] |= {"dirty_bytes": [0, 1_000_000, 8_000_000, 8_000_000]}
        judged = self.judged("promise-disk", sample.document([sample.entry("promise", [repeat], "node")]))
        self.assertEqual((judged.verdict, judged.cells["node"]), (IN_PART, "3.0 MB of 4.0 MB on the disk after 500 ms"))

    def test_the_verdict_is_on_node_and_loopscope_stands_beside_it(self) -> None:
        entries = [sample.entry("sync", [sample.repeat(time_ms=900.0)]), sample.entry("sync", system="node")]
        entries[1]["summary"]["time_ms"]["median"] = 2_100.0
        judged = self.judged("sync-time", sample.document(entries))
        self.assertEqual((judged.verdict, judged.cells), (HOLDS, {"node": "2.10 s", "loopscope": "900 ms"}))

    def test_fewer_records_have_the_time_for_all(self) -> None:
        entry = sample.entry("promise", [sample.repeat(time_ms=5500.0)], "node", 100_000, 1_000_000)
        self.assertEqual(self.judged("promise-time", sample.document([entry])).cells["node"], "55.0 s")

    def test_another_count_is_not_measured_with_the_reason(self) -> None:
        entry = sample.entry("sync", system="node", count=1000)
        judged = self.judged("sync-time", sample.document([entry], count=1000))
        self.assertEqual(judged.verdict, NOT_MEASURED)
        self.assertIn("1,000,000 records; this run wrote 1,000", judged.why)

    def test_a_figure_that_is_missing_is_not_zero(self) -> None:
        judged = self.of_node("sync-memory", "sync", peak_bytes=None)
        self.assertEqual(judged.verdict, NOT_MEASURED)
        self.assertNotIn("0", judged.why + judged.cells["node"])

    def test_an_order_that_happens_to_be_kept_does_not_show_the_claim(self) -> None:
        for name, method, in_order, verdict in (
            ("sync-order", "sync", True, HOLDS),
            ("sync-order", "sync", False, NOT),
            ("callback-order", "callback", True, IN_PART),
            ("callback-order", "callback", False, HOLDS),
            ("sync-order", "sync", None, NOT_MEASURED),
        ):
            self.assertEqual(self.of_node(name, method, in_order=in_order).verdict, verdict, name)

    def test_a_stressed_loop_is_free_in_part(self) -> None:
        for stall_ms, verdict in ((990.0, NOT), (200.0, IN_PART)):
            self.assertEqual(self.of_node("callback-loop", "callback", longest_stall_ms=stall_ms).verdict, verdict)
        self.assertEqual(self.of_node("callback-loop", "callback", stalls=0).verdict, HOLDS)
        self.assertEqual(self.of_node("sync-loop", "sync", longest_stall_ms=990.0).verdict, HOLDS)

    def test_recommendations_are_confronted_with_the_advice(self) -> None:
        document = sample.document([sample.entry("callback", system="node")])

        def methods(**figures: Any) -> list[Json]:
            base = {"system": "node", "production": False, "reason": "r", "use_for": "u", "never_for": "n"}
            edges = {"harmless_up_to": 1000, "harmful_from": None, "slow_from": None, "bytes_a_record": 1.0}
            return [{**base, **edges, "method": method, **figures} for method in ("promise", "callback", "sync")]

        cases: tuple[tuple[Json, str, str], ...] = (
            ({"production": False}, "callback-production", HOLDS),
            ({"production": True}, "callback-production", NOT),
            ({"production": None}, "callback-production", NOT_MEASURED),
            ({"harmful_from": 10_000}, "callback-use", HOLDS),
            ({"harmful_from": 1_000_000}, "callback-use", IN_PART),
            ({"harmful_from": 100}, "callback-use", IN_PART),
            ({}, "callback-use", NOT),
            ({"production": True}, "only-streams", NOT),
        )
        for figures, name, verdict in cases:
            document["recommendations"] = {"methods": methods(**figures)}
            self.assertEqual(self.judged(name, document).verdict, verdict, (name, figures))

    def test_advice_is_judged_on_loopscope_where_node_was_not_measured(self) -> None:
        points = sample.of("sync", sample.blocked(100_000), sample.blocked(1_000_000))
        document = sample.document([], points)
        for name, words in (("sync-production", "loopscope sync is not fit"), ("promise-production", "--peer node")):
            judged = self.judged(name, document)
            self.assertIn(words, judged.why)
            self.assertIn("Node.js was not measured", judged.cells["node"])
        document["systems"]["node"] = {}
        document["recommendations"] = recommendations.document_part(points + sample.of("sync", system="node"))
        self.assertEqual(self.judged("sync-production", document).verdict, NOT)
        self.assertEqual(self.judged("sync-use", document).why, "In Node.js it did no harm at any measured count.")

    def test_advice_on_a_method_that_was_not_measured_at_any_count_is_not_judged(self) -> None:
        document = sample.document(
            [], [sample.point(count, "sync", outcome="failed", reason="It died.") for count in sample.COUNTS]
        )
        document["systems"]["node"] = {}
        for each in document["recommendations"]["methods"]:
            each["system"] = "node"
        for name in ("sync-production", "sync-use"):
            judged = self.judged(name, document)
            self.assertEqual(judged.verdict, NOT_MEASURED)
            self.assertIn("It died.", judged.why)

    def test_only_streams_needs_every_method_to_be_known(self) -> None:
        blocked, short = sample.blocked(1_000_000), sample.of("offload")[:3]
        for points, verdict, words in (
            (sample.of("stream") + sample.of("offload"), NOT, "loopscope offload"),
            (sample.of("stream") + sample.of("sync", blocked), HOLDS, "No other method is fit"),
            (sample.of("stream"), NOT_MEASURED, "No other method was measured"),
            (sample.of("stream") + short, NOT_MEASURED, "up to 1,000 records only"),
            (sample.of("stream")[:3] + sample.of("sync", blocked), NOT_MEASURED, "--peer node"),
        ):
            judged = self.judged("only-streams", sample.document([], points))
            self.assertEqual(judged.verdict, verdict, judged)
            self.assertIn(words, judged.why)

    def test_the_finding_has_the_claims_of_it_that_are_false(self) -> None:
        document = sample.document([], sample.of("stream") + sample.of("offload"))
        self.assertRegex(document["finding"][-1], r"only method fit.*does not hold\. Fit by .* loopscope offload")
        document = sample.document([], sample.of("stream") + sample.of("sync", sample.blocked(1_000_000)))
        self.assertNotIn("The articles say", "".join(document["finding"]))

    def test_what_cannot_be_measured_says_why(self) -> None:
        judged = self.judged("pros-cons", sample.document([]))
        self.assertEqual((judged.verdict, judged.why), (NOT_MEASURABLE, claim("pros-cons")["not_measurable"]))

    def test_without_a_peer_every_verdict_on_node_has_the_reason(self) -> None:
        for row in sample.document([sample.entry()])["claims"]:
            if row["how"]:
                self.assertEqual(row["verdict"], NOT_MEASURED, row)
                self.assertRegex(row["why"], "--peer node|rising counts|a run of compare.py")

    def test_without_a_peer_a_row_has_what_loopscope_did_and_says_what_it_needs(self) -> None:
        pages = {"cached_bytes": 7_900_000, "dirty_bytes": 7_900_000, "writeback_bytes": 0}
        life: Json = {"size_bytes": 7_900_000, **dict.fromkeys(("closed", "synced", "evicted", "read_back"), pages)}
        report = {
            "backpressure": {"high_water_mark": 65536, "drains": 120, "waited_ms": 5.0},
            "syscalls": {"write": 121},
        }
        runs = {"stream": {"count": 1_000_000, "report": report}, "stream 16 KiB": self.traced()}
        document = sample.document([sample.entry("stream")])
        document["evidence"] |= {"count": 1_000_000, "systems": {"loopscope": {"runs": runs, "pages": life}}}
        document["machine"]["file_system"] = "ext4"
        for name, words in (("chunks", "121 write calls"), ("buffer-timeline", "2 drains")):
            judged = self.judged(name, document)
            self.assertEqual(judged.verdict, NOT_MEASURED)
            self.assertIn("--peer node", judged.cells["node"])
            self.assertIn(words, judged.cells["loopscope"])
        self.assertEqual(self.judged("finish-is-safe", document).verdict, NOT)
        self.assertIn("callback was not part of this run", self.judged("pool-cpu", document).cells["loopscope"])

    @staticmethod
    def traced(left: int = 0) -> Json:
        """A write whose buffer was read; `left` are the bytes in it at its second drain."""
        buffer = {"at_us": [0, 5, 9, 14, 20], "bytes": [8000, 16384, 0, 16384, left], "drains_at_us": [9, 20]}
        return {"count": 1_000_000, "report": {}, "buffer": buffer}

    def test_the_timeline_is_judged_by_what_is_left_at_a_drain(self) -> None:
        for left, verdict in ((0, NOT), (8, HOLDS)):
            judged = self.with_run("buffer-timeline", "stream 16 KiB", self.traced(left))
            self.assertEqual(judged.verdict, verdict, judged)
            self.assertIn("up to 16,384 bytes, 2 drains in 0.02 ms", judged.cells["node"])
        never = {"at_us": [0, 5], "bytes": [8, 16], "drains_at_us": []}
        for buffer, words in (({"reason": "It died."}, "It died."), (never, "never full"), (None, "before that")):
            judged = self.with_run("buffer-timeline", "stream 16 KiB", {**self.traced(), "buffer": buffer})
            self.assertEqual(judged.verdict, NOT_MEASURED)
            self.assertIn(words, judged.why)

    def test_a_claim_is_drawn_where_there_are_readings(self) -> None:
        for buffer, place in ((self.traced()["buffer"], "stream-buffer"), ({"reason": "It died."}, None)):
            found = evidence.empty()
            run = {**self.traced(), "buffer": buffer}
            found |= {"count": 1, "systems": {"node": {"runs": {"stream 16 KiB": run}, "pages": None, "crash": None}}}
            rows = {row["id"]: row["drawn_at"] for row in sample.document([], found=found)["claims"]}
            self.assertEqual((rows["buffer-timeline"], rows["sync-time"]), (place, None))

    def test_a_drain_of_loopscope_is_where_its_buffer_has_fallen(self) -> None:
        found = buffer_trace.trace_of([[0, 4], [2, 16], [4, 16], [6, 0], [8, 16], [10, 12]])
        self.assertEqual(
            found, {"at_us": [0, 2, 4, 6, 8, 10], "bytes": [4, 16, 16, 0, 16, 12], "drains_at_us": [6, 10]}
        )

    def test_the_cpu_time_of_a_phase_is_a_share_of_its_own_time(self) -> None:
        def phase(time_ms: float, cpu_ms: float, loop_ms: float | None) -> Json:
            return {"time_ms": time_ms, "cpu_ms": cpu_ms, "loop_cpu_ms": loop_ms}

        cpu = {"process_user_ms": 20.0, "process_system_ms": 40.0, "loop_thread_ms": 30.0}
        for queueing, writing, verdict in ((80, 200, HOLDS), (80, 1000, IN_PART), (400, 2000, NOT)):
            phases = {"queueing": phase(100, queueing, 50), "writing": phase(500, writing, 10)}
            report = {"timing_ms": {"completed": 100.0}, "cpu": cpu, "node": {"phases": phases}}
            run = {"count": 1_000_000, "report": report}
            judged = self.with_run("callback-cpu-by-phase", "callback", run)
            self.assertEqual(judged.verdict, verdict, judged)
            self.assertIn(f"queueing {queueing} % of a core for 100 ms, the loop's thread 50 %", judged.cells["node"])
            own = self.with_run("callback-cpu-by-phase", "callback", run, "loopscope")
            self.assertIn("30 % of a core by the loop, 30 % by others", own.cells["loopscope"])
        report["node"] = {}
        self.assertEqual(self.with_run("callback-cpu-by-phase", "callback", run).verdict, NOT_MEASURED)

    def test_the_memory_of_a_record_is_told_by_type(self) -> None:
        for heap, outside, verdict in ((282, 220, HOLDS), (400, 1100, IN_PART), (1000, 1000, NOT)):
            count = 1_000_000
            node = {
                "heap_before_bytes": 5_000_000,
                "heap_used_bytes": 5_000_000 + heap * count,
                "heap_spaces_bytes": {"old_space": heap * count, "new_space": 5_000_000},
                "external_bytes": 2_000_000,
                "array_buffers_bytes": 10_000,
                "rss_bytes": 50_000_000 + (heap + outside) * count,
            }
            report = {"memory": {"rss_before_bytes": 50_000_000}, "node": node}
            judged = self.with_run("bytes-itemised", "callback", {"count": count, "report": report})
            self.assertEqual(judged.verdict, verdict, judged)
            self.assertIn(f"{heap:,} bytes a record more in V8's heap, {outside:,} outside", judged.cells["node"])
            self.assertIn("old_space", judged.cells["node"])
        judged = self.with_run("bytes-itemised", "callback", {"count": 30_000, "report": report})
        self.assertEqual(judged.verdict, NOT_MEASURED)

    def test_a_stream_copies_if_it_writes_the_bytes_from_before_a_change(self) -> None:
        for keeps, verdict in ((True, HOLDS), (False, NOT), (None, NOT_MEASURED)):
            run = {"count": 1, "report": {}}
            judged = self.with_run("write-copies", "stream", run, buffers={"stream_keeps_bytes": keeps})
            self.assertEqual(judged.verdict, verdict, judged)


class FilesOfAMeasurement(support.Folder):
    def test_each_has_a_folder_of_its_own_which_has_no_pages_of_other_files(self) -> None:
        pathlib.Path(self.temporary, "left-over").write_bytes(b" " * 100_000)
        used = []

        class Started:
            name = "node"
            methods: tuple[str, ...] = ("sync",)

            def command(self, data_dir: str) -> list[str]:
                used.append((data_dir, os.listdir(data_dir)))
                return ["/nonexistent"]

            def version(self) -> str | None:
                return None

        plan = unittest.mock.Mock(spec=experiment.Plan)
        for _ in range(2):
            with self.assertRaisesRegex(terminal.Failure, "Cannot start /nonexistent"):
                experiment.measure_with_probe(Started(), "sync", 10, plan, self.temporary, lambda part: None)
        self.assertEqual([files for _, files in used], [[], []])
        self.assertNotEqual(used[0][0], used[1][0])
        self.assertEqual(os.listdir(self.temporary), ["left-over"])


class WithoutCachestat(unittest.TestCase):
    def test_the_pages_have_a_reason_and_the_rest_is_measured(self) -> None:
        found = evidence.empty()
        saved = []
        with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w", encoding="utf-8") as quiet:
            with unittest.mock.patch.object(page_cache, "CACHESTAT", 100_000):
                evidence.measure([], [], 10, True, found, lambda: saved.append(1), folder, terminal.Progress(quiet))
        self.assertIn("Linux 6.5", found["aged"]["reason"])
        self.assertGreater(found["memory"]["total_bytes"], 0)
        self.assertEqual(len(saved), 2)


class WithoutNode(unittest.TestCase):
    def test_its_absence_is_the_reason_of_every_claim_on_it(self) -> None:
        with unittest.mock.patch.dict(os.environ, PATH="/nonexistent"):
            with self.assertRaisesRegex(terminal.Failure, "Debian package nodejs.*not installed") as raised:
                servers.NodePeer()
        reason = str(raised.exception)
        entries = [
            sample.entry("sync", [sample.repeat(stalls=1, stalled_writes=1, longest_stall_ms=990.0)]),
            sample.entry("stream", [sample.repeat(stalls=0, stalled_writes=0)]),
        ]
        points = [each for each in sample.of("sync") + sample.of("stream") if each["count"] < 1_000_000]
        document = sample.document(entries, points, evidence.empty({"node": reason}), peer="node")
        for row in document["claims"]:
            if row["verdict"] == NOT_MEASURED and row["method"]:
                self.assertEqual(row["why"], reason)
            self.assertNotRegex(row["measured"].get("node", ""), r"^0\b")
        advice = {row["id"]: row["verdict"] for row in document["claims"]}
        self.assertEqual((advice["sync-production"], advice["stream-production"]), (HOLDS, HOLDS))

    def test_a_process_that_is_gone_leaves_reasons_and_the_next_system_is_measured(self) -> None:
        asked = []

        class Gone:
            methods: tuple[str, ...] = ("sync",)

            def __init__(self, name: str) -> None:
                self.name = name

            def command(self, _data_dir: str) -> list[str]:
                asked.append(self.name)
                if self.name == "node":
                    raise ProcessLookupError(3, "No such process")
                return ["/nonexistent"]

            def version(self) -> str | None:
                return None

        found = evidence.empty()
        with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w", encoding="utf-8") as quiet:
            systems: list[servers.System] = [Gone("node"), Gone("loopscope")]
            evidence.measure(
                systems, list(claims.CLAIMS), 10, True, found, lambda: None, folder, terminal.Progress(quiet)
            )
        self.assertEqual(set(asked), {"node", "loopscope"})
        for name, words in (("node", "No such process"), ("loopscope", "Cannot start /nonexistent")):
            parts = found["systems"][name]
            for part in (*parts["runs"].values(), parts["pages"], parts["crash"]):
                self.assertEqual(set(part), {"reason"})
                self.assertIn(words, part["reason"])
        self.assertIsNotNone(found["aged"])

    def test_a_file_that_cannot_be_written_leaves_a_reason(self) -> None:
        found = evidence.empty()
        with open(os.devnull, "w", encoding="utf-8") as quiet:
            evidence.measure([], [], 10, True, found, lambda: None, "/nonexistent", terminal.Progress(quiet))
        self.assertIn("No such file", found["aged"]["reason"])


@unittest.skipIf(NODE is None, "Node.js is not installed (Debian package nodejs)")
class WithPeer(support.Folder):
    def compare(self, *arguments: str, **variables: str) -> tuple[int, str, Json]:
        out = os.path.join(self.folder, "out")
        short = ("--quick", "--peer", "node", "--idle", "0.3", "--window", "0.3", "--count", str(COUNT), "--out", out)
        process = self.start("compare.py", *short, *REAL, *arguments, **variables)
        _, progress = process.communicate(timeout=RUN_TIMEOUT_S)
        code = process.returncode
        self.assertNotIn("Traceback", progress)
        return code, progress, self.read_results(os.path.join(out, "results.json"))

    def with_node(self, script: str) -> dict[str, str]:
        """The environment in which `node` is that shell script. NODE is the real one in it."""
        folder = os.path.join(self.folder, "bin")
        os.makedirs(folder)
        path = os.path.join(folder, "node")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script.replace("NODE", NODE or ""))
        os.chmod(path, stat.S_IRWXU)
        return {"PATH": f"{folder}:{os.environ['PATH']}"}

    def test_every_measurement_of_the_book_is_made_by_a_run(self) -> None:
        code, progress, document = self.compare("--methods", ",".join(claims.CLAIMS))
        self.assertEqual(code, 0, progress)
        view = View(document, COUNT)  # as if the articles had written so many
        for each in claims.BOOK["claims"]:
            with self.subTest(claim=each["id"]):
                judged = judge(view, each)
                if each.get("measure") in CONDITIONAL and judged.verdict == NOT_MEASURED:
                    self.assertRegex(judged.why, "rising counts|records only|s old|do not add up|which is memory")
                elif "measure" in each:
                    self.assertIn(judged.verdict, (HOLDS, IN_PART, NOT), judged)
                    self.assertNotIn(NOT_MEASURED, judged.cells["node"])
        crash = document["evidence"]["systems"]["node"]["crash"]
        self.assertEqual((crash["exit_status"], crash["signal"]), (134, 6))
        self.assertIn("heap", crash["fatal"])
        self.assertGreater(crash["last_resident_bytes"], 100_000_000)
        self.assertIn("422", document["evidence"]["systems"]["loopscope"]["crash"]["refused"])
        for name, run in document["evidence"]["systems"]["loopscope"]["runs"].items():
            self.assertEqual(run["report"]["copies_per_record"], 1, name)

    def test_an_old_node_is_named_and_the_run_goes_on(self) -> None:
        code, progress, document = self.compare("--methods", "stream", **self.with_node("echo v12.22.0\n"))
        self.assertEqual(code, 1)
        self.assertRegex(progress, "Not measured: node")
        self.assert_nothing_but_reasons(document, r"Node.js 18 or newer; .* is v12.22.0")
        self.assertEqual([entry["system"] for entry in document["entries"]], ["loopscope"])
        self.assertIsNotNone(document["finished"])

    def test_a_node_that_is_killed_meanwhile_has_that_as_the_reason(self) -> None:
        patch = os.path.join(self.folder, "killed.cjs")
        with open(patch, "w", encoding="utf-8") as file:
            file.write(
                "const { Server } = require('node:http'); const { emit } = Server.prototype;\n"
                "Server.prototype.emit = function (name, request, ...more) {\n"
                "  if (name === 'request' && request.url.startsWith('/write')) process.kill(process.pid, 'SIGKILL');\n"
                "  return emit.call(this, name, request, ...more);\n};\n"
            )
        code, progress, document = self.compare(
            "--methods", "stream", **self.with_node(f"exec NODE -r '{patch}' \"$@\"\n")
        )
        self.assertEqual(code, 1)
        self.assertRegex(progress, "Not measured: node stream")
        self.assert_nothing_but_reasons(document, "No response from|was not part of this run")
        runs = document["evidence"]["systems"]["node"]["runs"]
        self.assertEqual({"reason"}, {name for run in runs.values() for name in run})

    def assert_nothing_but_reasons(self, document: Json, reason: str) -> None:
        """Every claim on a write of Node.js is not measured, for that reason."""
        for row in document["claims"]:
            if row["method"] in claims.CLAIMS and claim(row["id"]).get("measure") not in BY_RISING_COUNTS:
                self.assertEqual(row["verdict"], NOT_MEASURED if row["how"] else NOT_MEASURABLE, row)
                if row["how"]:
                    self.assertRegex(row["why"], reason)
        self.assertIn("loopscope", document["evidence"]["systems"])


if __name__ == "__main__":
    unittest.main()
