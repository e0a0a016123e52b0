# SPDX-License-Identifier: MIT

"""What the scale of a method says about it: the rules on made-up points, and on those that the page ships. No process runs."""

import json
import re
import time
import unittest
import unittest.mock
from collections.abc import Callable
from typing import Any

import sample_results as sample
import support
from loopscope_load import Json, probe, recommendations, results, scale, table, terminal, writes
from loopscope_load.claims import CLAIMS
from loopscope_load.recommendations import Scale, findings
from loopscope_load.verdict import STALL_MS
from sample_results import COUNTS, blocked, of, point


def recommended(points: list[Json], method: str) -> Json:
    return next(each for each in recommendations.recommendations(points) if each["method"] == method)


class Production(unittest.TestCase):
    def production(self, *changed: Json) -> bool | None:
        found: bool | None = recommended(of("stream", *changed), "stream")["production"]
        return found

    def test_is_yes_when_no_count_does_harm(self) -> None:
        found = recommended(of("stream"), "stream")
        self.assertIs(found["production"], True)
        self.assertRegex(found["reason"], r"1,000,000 records .* p99 is at most 0\.90 ms \(idle 0\.40 ms\)")
        self.assertEqual((found["harmful_from"], found["harmless_up_to"], found["slow_from"]), (None, 1_000_000, None))
        self.assertIn("any number of records", found["use_for"])

    def test_is_no_for_each_fault_and_says_which(self) -> None:
        for changed, words in (
            (blocked(1_000_000, "stream"), "stands still for 1.00 s"),
            (point(1_000_000, hello_p99_us=80_000.0), "/hello p99 is 80 ms"),
            (point(1_000_000, hello_unanswered=3), "3 /hello have no response"),
            (point(1_000_000, growth_bytes=60_000_000), "66 bytes a record"),
            (point(1_000, in_order=False), "out of order at 1,000 records"),
            (point(10, complete=False), "incomplete at 10 records"),
        ):
            with self.subTest(words):
                found = recommended(of("stream", changed), "stream")
                self.assertIs(found["production"], False)
                self.assertIn(words, found["reason"])

    def test_is_not_known_where_a_figure_is_missing(self) -> None:
        for changed, words in (
            (point(1_000_000, stalled_writes=None), "the loop was not measured at 1,000,000"),
            (point(100, hello_p99_us=None), "/hello was not measured at 100 "),
            (point(100, idle_p99_us=None), "/hello beside no write was not measured at 100 "),
            (point(1_000_000, growth_bytes=None), "memory was not measured at 1,000,000"),
            (point(100, in_order=None), "not read back"),
            (point(1_000_000, hello_p99_us=80_000.0, probe_late=True), "the probe itself was late"),
            (point(1_000, outcome="failed", reason="It died.\n  | log"), "not measured at 1,000 records: It died."),
        ):
            with self.subTest(words):
                found = recommended(of("stream", changed), "stream")
                self.assertIsNone(found["production"])
                self.assertIn(words, found["reason"])

    def test_is_not_known_below_a_million_records(self) -> None:
        found = recommended(of("stream")[:4], "stream")
        self.assertIsNone(found["production"])
        self.assertIn("up to 10,000 records only", found["reason"])

    def test_is_not_changed_by_a_count_above_a_million(self) -> None:
        self.assertIs(self.production(point(10**7, outcome="refused", reason="over the limit")), True)

    def test_a_noisy_count_in_between_is_no_harm(self) -> None:
        self.assertIs(self.production(point(1_000, hello_p99_us=80_000.0)), True)

    def test_hello_may_be_slow_where_it_was_slow_when_idle(self) -> None:
        self.assertIs(self.production(point(1_000_000, hello_p99_us=80_000.0, idle_p99_us=50_000.0)), True)
        self.assertIs(self.production(point(1_000_000, hello_p99_us=24_000.0)), True)

    def test_a_late_probe_at_few_records_is_no_doubt_where_more_do_no_harm(self) -> None:
        late: Json = {"hello_p99_us": 80_000.0, "probe_late": True}
        self.assertIs(self.production(point(10, **late)), True)
        self.assertIsNone(self.production(point(1_000_000, **late)))

    def test_a_stall_in_few_of_the_writes_is_no_harm(self) -> None:
        self.assertIs(self.production(point(1_000_000, stalled_writes=4, longest_stall_ms=90.0)), True)
        self.assertIs(self.production(point(1_000_000, stalled_writes=5, longest_stall_ms=90.0)), False)


class Use(unittest.TestCase):
    def test_a_blocking_method_is_for_few_records_and_for_processes_without_clients(self) -> None:
        found = recommended(of("sync", blocked(100_000), blocked(1_000_000)) + of("stream"), "sync")
        self.assertEqual((found["harmless_up_to"], found["harmful_from"]), (10_000, 100_000))
        self.assertRegex(found["use_for"], "up to 10,000 records beside other requests.*command-line")
        self.assertIn("100,000 records or more beside other requests", found["never_for"])

    def test_a_method_that_loses_the_order_is_not_for_records_whose_order_matters(self) -> None:
        changed = [point(count, "callback", in_order=False) for count in COUNTS[3:]]
        grown = {**changed[-1], "growth_bytes": 60_000_000}
        found = recommended(of("callback", *changed, grown), "callback")
        self.assertIn("whose order does not matter", found["use_for"])
        self.assertNotIn("command-line", found["use_for"])
        self.assertRegex(found["never_for"], r"unbounded number \(66 bytes.*order matters")

    def test_a_slow_method_says_from_where_on_and_against_which(self) -> None:
        slow = [point(count, "promise", time_ms=count * 0.002) for count in COUNTS]
        found = recommended(slow + of("stream"), "promise")
        self.assertEqual((found["production"], found["slow_from"]), (True, 1_000))
        self.assertRegex(found["use_for"], r"up to 100 records .*\(0\.20 ms\); up to 1,000,000 where the time")
        self.assertRegex(
            found["never_for"], "1,000 records or more in a hurry .stream is 124 times as fast at 1,000,000"
        )

    def test_in_short_it_fits_a_column(self) -> None:
        slow = [point(count, "promise", time_ms=count * 0.002) for count in COUNTS]
        grown = [point(count, "callback", in_order=False, growth_bytes=count * 66) for count in COUNTS]
        unknown = [point(count, "partition", outcome="failed", reason="It died.") for count in COUNTS]
        points = of("sync", blocked(100_000), blocked(1_000_000)) + slow + grown + unknown + of("stream")
        self.assertEqual(
            recommendations.uses_in_short(points),
            {
                "sync": "up to 10,000 records; any number where nobody waits",
                "promise": "up to 100 records; up to 1,000,000 if it may take long",
                "callback": "up to 1,000,000 records in any order",
                "stream": "any number of records",
            },
        )

    def test_nothing_is_said_where_nothing_was_measured(self) -> None:
        found = recommended([point(count, outcome="failed", reason="It died.") for count in COUNTS], "stream")
        self.assertEqual((found["production"], found["use_for"], found["never_for"]), (None, None, None))
        self.assertIn("It died.", recommendations.in_words(found))

    def test_systems_are_judged_apart(self) -> None:
        node = [{**each, "system": "node", "time_ms": each["time_ms"] * 50} for each in of("stream")]
        found = recommendations.recommendations(of("stream") + node)
        self.assertEqual([each["slow_from"] for each in found], [None, None])


class Findings(unittest.TestCase):
    def test_name_who_is_fit_and_who_is_not(self) -> None:
        points = of("sync", blocked(1_000_000)) + of("stream") + of("offload")
        [said] = findings(recommendations.document_part(points))
        self.assertRegex(
            said, r"yes for stream, offload; no for sync \(from 1,000,000 records on the loop stands still"
        )
        self.assertEqual(list(findings(recommendations.document_part([]))), [])


class Documents(unittest.TestCase):
    def test_follow_the_schema_and_fit_the_terminal(self) -> None:
        points = [each for each in of("sync", blocked(100_000)) if each["count"] < 1_000_000]
        points += [point(10**7, "callback", outcome="refused", reason="422: " + "over the limit " * 20)]
        document = sample.document([sample.entry("sync"), sample.entry("callback")], points)
        support.check_schema(document)
        text = table.render(document)
        self.assertTrue(all(len(line) <= table.WIDTH for line in text))
        self.assertIn("production: ", "".join(text))

    def test_the_comparisons_own_count_is_a_point(self) -> None:
        repeats = [sample.repeat(stalled_writes=1, longest_stall_ms=990.0), sample.repeat(stalled_writes=1)]
        [own] = results.all_points([sample.entry("sync", repeats)], [])
        self.assertEqual((own["count"], own["stalled_writes"], own["writes"]), (1_000_000, 2, 2))
        self.assertEqual((own["longest_stall_ms"], own["growth_bytes"], own["time_ms"]), (990.0, 400_000, 1000.0))
        self.assertIs(recommendations.harms(own), True)

    def test_points_come_by_method_with_rising_counts(self) -> None:
        points = results.all_points([sample.entry("sync"), sample.entry("stream")], of("stream")[:2] + of("sync")[:2])
        order = [(each["method"], each["count"]) for each in points]
        self.assertEqual(order, [(name, count) for name in ("sync", "stream") for count in (10, 100, 1_000_000)])

    def test_the_file_of_the_page_follows_from_its_own_points_by_these_rules(self) -> None:
        shipped = json.loads((support.LOAD / "recommendations.json").read_text(encoding="utf-8"))
        again = recommendations.page_part(shipped)
        self.assertEqual(shipped["rules"], again["rules"])
        self.assertEqual(shipped["methods"], again["methods"])
        self.assertGreater({each["method"] for each in shipped["methods"]}, set(CLAIMS))

    def test_the_readme_has_what_each_method_is_for_from_them(self) -> None:
        shipped = json.loads((support.LOAD / "recommendations.json").read_text(encoding="utf-8"))
        readme = (support.LOAD.parent / "README.md").read_text(encoding="utf-8")
        [table_shown] = re.findall(r"<!-- figures: results -->\n(.*?)<!-- figures end -->", readme, re.DOTALL)
        column = dict(re.findall(r"(?m)^\| `(\w+)` \|.*\| ([^|]+) \|$", table_shown))
        self.assertEqual(column, recommendations.uses_in_short(shipped["scale"]))

    def test_the_rules_name_the_thresholds(self) -> None:
        self.assertIn(f"{STALL_MS} ms", " ".join(recommendations.RULES))


class Ending(unittest.TestCase):
    """A server or a probe that ends in the middle: what is missing has its reason and no figure, and the rest follows."""

    COUNTS = (10, 100, 1000, 10_000)
    EXTENT = scale.Extent(counts=COUNTS, idle_s=0, window_s=0)

    def assert_has_no_figure(self, point: Json) -> None:
        self.assertTrue(point["reason"])
        self.assertEqual({point[name] for name in scale.FIGURES}, {None})

    def measure(self, write: Callable[..., list[writes.Write]], run: Any) -> list[Json]:
        """The points of a system without processes; `run` stands for the ProbeRun."""
        system = unittest.mock.Mock()
        system.name = "node"
        with (
            unittest.mock.patch.multiple(scale, running=unittest.mock.MagicMock(), ProbeRun=run),
            unittest.mock.patch.object(writes, "write_for", write),
            unittest.mock.patch.object(time, "sleep"),
        ):
            return scale.measure(system, "stream", self.COUNTS, self.EXTENT, "", 1, "", lambda text: None)

    def written(self, _url: str, _method: str, count: int, *_: Any, **__: Any) -> list[writes.Write]:
        report = {"timing_ms": {"completed": count / 1000}}
        return [writes.Write(1000.0 + count, 1000.0 + 2 * count, report)]

    def run_that(self, stop: Any) -> Any:
        made = unittest.mock.MagicMock()
        made.return_value.__enter__.return_value.stop = stop
        return made

    def stopped(self) -> tuple[Json, probe.Requests]:
        return {"started_unix_ms": 0.0, "probe_was_bottleneck": False}, probe.Requests([], [])

    def test_a_server_that_is_killed_has_no_point_from_there_on(self) -> None:
        def write(url: str, method: str, count: int, *_: Any, **__: Any) -> list[writes.Write]:
            if count == 1000:
                raise terminal.Failure("No response.")
            return self.written(url, method, count)

        points = self.measure(write, self.run_that(self.stopped))
        self.assertEqual([each["outcome"] for each in points], ["measured", "measured", "failed", "left_out"])
        for each in points[2:]:
            self.assert_has_no_figure(each)
        self.assertEqual(points[3]["reason"], "It failed at 1,000 records.")
        # No /hello was due, and the report had no memory and no loop: not measured, not 0.
        for name in ("hello_p99_us", "idle_p99_us", "growth_bytes", "stalled_writes", "longest_stall_ms"):
            self.assertIsNone(points[0][name], name)

    def test_a_count_that_is_refused_does_not_end_the_others(self) -> None:
        def write(url: str, method: str, count: int, *_: Any, **__: Any) -> list[writes.Write]:
            if count == 100:
                raise terminal.Refused("Over the limit.")
            return self.written(url, method, count)

        points = self.measure(write, self.run_that(self.stopped))
        self.assertEqual([each["outcome"] for each in points], ["measured", "refused", "measured", "measured"])
        self.assert_has_no_figure(points[1])

    def test_without_the_probe_the_writes_keep_their_figures(self) -> None:
        points = self.measure(self.written, self.run_that(unittest.mock.Mock(side_effect=terminal.Failure("It died."))))
        for each in points:
            self.assertEqual(each["reason"], "/hello was not measured: It died.")
            self.assertEqual((each["time_ms"], each["hello_p99_us"]), (each["count"] / 1000, None))
            self.assertIsNone(each["hello_unanswered"])

    def test_a_server_that_does_not_start_fails_at_every_count(self) -> None:
        points = self.measure(self.written, unittest.mock.Mock(side_effect=terminal.Failure("Cannot start.")))
        self.assertEqual([each["count"] for each in points], list(self.COUNTS))
        for each in points:
            self.assertEqual((each["outcome"], each["reason"]), ("failed", "Cannot start."))
            self.assert_has_no_figure(each)


class Limits(unittest.TestCase):
    def test_a_stall_is_the_writes_when_it_is_long_and_not_longer_than_the_write(self) -> None:
        for time_ms, stall_ms, stalls in ((100, 24, False), (100, 26, True), (100, 130, False), (10_000, 150, False)):
            loop = {"stalls": 1, "longest_stall_ms": stall_ms, "lag_max_us": None}
            report = {"timing_ms": {"completed": time_ms}, "loop": loop}
            self.assertIs(writes.stalls_the_loop(report), stalls)
        self.assertIs(writes.stalls_the_loop({**report, "loop": {"stalls": 0}}), False)
        self.assertIs(writes.stalls_the_loop({**report, "loop": {"stalls": None, "lag_max_us": 400_000}}), True)
        self.assertIsNone(writes.stalls_the_loop({**report, "loop": None}))

    def test_a_write_is_left_out_by_the_cost_of_the_one_before(self) -> None:
        self.assertIsNone(scale.too_much(None, 10**7))
        self.assertIsNone(scale.too_much(point(10**6, time_ms=5_000.0), 10**7))
        self.assertRegex(scale.too_much(point(10**6, time_ms=7_000.0), 10**7) or "", r"70\.0 s; the limit is 60 s")
        grown = point(10**6, growth_bytes=300_000_000)
        self.assertRegex(scale.too_much(grown, 10**7) or "", r"3\.00 GB of memory; the limit is 1\.00 GB")

    def test_an_empty_scale_has_no_figures(self) -> None:
        empty = Scale("loopscope", "stream", [])
        self.assertEqual((empty.fit, empty.bytes_a_record, empty.harmless, empty.harmful), (None, None, [], []))


if __name__ == "__main__":
    unittest.main()
