# SPDX-License-Identifier: MIT

"""Statistics, summaries, claims, findings and differences on figures that are known. No process runs."""

import io
import unittest
import unittest.mock
from collections.abc import Sequence
from typing import Any

import sample_results as sample
from loopscope_load import Json, diff, experiment, findings, probe, statistics, terminal, writes
from loopscope_load.verdict import Loop, summary


class Statistics(unittest.TestCase):
    def test_one_stall_in_a_uniform_schedule_has_the_percentiles_of_arithmetic(self) -> None:
        # A run of 8 s with a stall of 3 s at a request a millisecond: q = 3 s - (1 - q) * 8 s.
        latencies = [max(0, 3000 - due) * 1000 if due < 3000 else 0 for due in range(8000)]
        figures = statistics.latency(latencies)
        assert figures["p90_us"] and figures["p99_us"]
        self.assertAlmostEqual(figures["p90_us"] / 1e6, 3 - 0.1 * 8, 2)
        self.assertAlmostEqual(figures["p99_us"] / 1e6, 3 - 0.01 * 8, 2)
        self.assertEqual(figures["max_us"], 3_000_000)

    def test_there_is_no_percentile_that_the_samples_cannot_have(self) -> None:
        self.assertIsNone(statistics.latency(range(999))["p99_9_us"])
        self.assertEqual(statistics.latency(range(1, 1001))["p99_9_us"], 999)
        self.assertEqual(set(statistics.latency([]).values()), {0, None})

    def test_a_curve_ends_in_the_maximum_at_the_number_of_samples(self) -> None:
        curve = statistics.curve(range(1, 101))
        self.assertEqual((curve["x"][-1], curve["us"][-1]), (100, 100))
        self.assertEqual(curve["us"], sorted(curve["us"]))
        self.assertEqual(dict(zip(curve["x"], curve["us"]))[10.0], 90)

    def test_a_spread_leaves_out_what_was_not_measured(self) -> None:
        self.assertEqual(statistics.spread([4, None, 1, 2]), {"median": 2, "min": 1, "max": 4})
        self.assertIsNone(statistics.spread([None]))

    def test_ratios_are_taken_within_a_round(self) -> None:
        ratios = statistics.ratios(
            [{"us": 2}, {"us": 9}, {"us": None}, {"us": 5}], [{"us": 1}, {"us": 3}, {"us": 1}, {"us": 0}]
        )
        self.assertEqual(ratios, {"us": {"median": 2.5, "min": 2, "max": 3}})
        self.assertEqual(statistics.ratios([{"us": None}], [{"us": 1}]), {})


class Requests(unittest.TestCase):
    ROWS = (
        "scheduled_us,sent_us,done_us,status,expected,repeated\n0,1,100,200,true,false\n1000,1001,1300,200,true,false\n"
        "2000,2001,2500,429,false,false\n3000,3001,,,,false\n4000,,,skipped,,false\n"
    )

    def test_latency_counts_from_the_due_time_and_what_has_no_response_is_apart(self) -> None:
        requests = probe.read_requests(io.StringIO(self.ROWS))
        self.assertEqual(requests.latency_us, [100, 300, None, None])
        self.assertEqual(requests.from_sent().within([[0, 9]]), [99, 299, None, None])
        figures = statistics.latency(requests.within([[0, 9]]))
        self.assertEqual((figures["requests"], figures["unanswered"], figures["max_us"]), (2, 2, 300))

    def test_a_window_has_the_requests_that_were_due_in_it(self) -> None:
        requests = probe.Requests([0, 1000, 2000, 3000, 4000], [1, 2, 3, 4, 5])
        self.assertEqual(requests.within([[1, 2], [3.5, 9]]), [2, 3, 5])

    def test_the_points_of_a_plot_are_fewer_but_include_the_slowest(self) -> None:
        many = probe.Requests(list(range(100_000)), [1] * 99_990 + [1000] * 10)
        points = experiment.points(many)
        self.assertEqual(points["answered"], 100_000)
        self.assertLessEqual(len(points["at_ms"]), experiment.POINTS_MAX)
        self.assertEqual(points["latency_us"].count(1000), 10)


class WallClock(unittest.TestCase):
    def clock(self, step_s: float) -> probe.WallClock:
        """A clock that was set by step_s in a minute."""
        return probe.WallClock(iter((1_000.0, 1_060.0 + step_s)).__next__, iter((5.0, 65.0)).__next__)

    def test_fails_when_it_was_set_in_either_direction(self) -> None:
        for step_s in (-10, 10):
            with self.assertRaisesRegex(terminal.Failure, f"{step_s:+.1f} s".replace("+", r"\+")):
                self.clock(step_s).check()

    def test_accepts_a_gradual_adjustment(self) -> None:
        self.clock(0.03).check()


class WriteSummary(unittest.TestCase):
    def test_has_the_median_time_the_peak_memory_and_the_first_content(self) -> None:
        reports = [
            {
                "timing_ms": {"completed": time_ms, "queued": None},
                "memory": {"rss_peak_bytes": peak},
                "loop": None,
                "content": {"in_order": order, "complete": order},
            }
            for time_ms, peak, order in ((30, 5, True), (10, 9, None), (11, 7, None))
        ]
        found = writes.summary(reports)
        self.assertEqual((found["writes"], found["time_ms"], found["peak_bytes"], found["in_order"]), (3, 11, 9, True))
        self.assertIsNone(found["queued_ms"])
        self.assertIsNone(found["longest_stall_ms"])


class Summary(unittest.TestCase):
    def test_has_median_and_range_and_is_false_when_one_repeat_is(self) -> None:
        figures = summary(
            [
                sample.repeat(time_ms=time_ms, in_order=in_order)
                for time_ms, in_order in ((30, True), (10, False), (11, True))
            ],
            1000,
        )
        self.assertEqual(figures["time_ms"], {"median": 11, "min": 10, "max": 30})
        self.assertIs(figures["in_order"], False)
        self.assertEqual(figures["shown_repeat"], 2)
        self.assertIsNone(figures["longest_stall_ms"])

    def test_a_measured_zero_is_not_a_missing_figure(self) -> None:
        for counts, maximum in (((0, 0), 0), ((None, 0), 0), ((None, 7), 7), ((None, None), None)):
            figures = summary([sample.repeat(out_of_order_records=count) for count in counts], 1000)
            self.assertEqual(figures["out_of_order_records"], maximum)

    def test_has_the_longest_stall_of_the_repeats_with_a_stall(self) -> None:
        none: Json = {"stalls": 0, "longest_stall_ms": None}
        one: Json = {"stalls": 1, "longest_stall_ms": 990.0}
        for repeats, stall_ms, loop in (
            ((none, none), None, Loop.FREE),
            ((none, none, one), 990.0, Loop.FREE),
            ((none, one, one), 990.0, Loop.BLOCKED),
        ):
            figures = summary([sample.repeat(**each) for each in repeats], 1000)
            self.assertEqual(figures["longest_stall_ms"] and figures["longest_stall_ms"]["median"], stall_ms)
            self.assertEqual(figures["verdict"]["loop"], loop)


class Quick(unittest.TestCase):
    def test_reduces_a_slow_write_to_a_round_number_of_records(self) -> None:
        for record_ms, count in (
            (0.005, 10_000_000),
            (0.055, 1_000_000),
            (0.286, 300_000),
            (10.0, experiment.TRIAL_COUNT),
        ):
            self.assertEqual(experiment.affordable_count(record_ms), count)


class Findings(unittest.TestCase):
    BLOCKED = sample.repeat(sample.latency(500_000, 990_000, 999_000), longest_stall_ms=990.0)

    def test_the_blocked_loop_comes_first_with_the_stall_and_the_slowest_response(self) -> None:
        first, second, *_ = findings.sentences(
            sample.document([sample.entry("stream", [sample.repeat(stalls=0)]), sample.entry("sync", [self.BLOCKED])])
        )
        self.assertRegex(first, "sync .*990 ms.*999 ms.*101 %")
        self.assertRegex(second, r"stream p99\.9 5\.0 ms .*4\.0 ms")

    def test_closed_and_open_loop_are_compared_where_both_have_two_requests(self) -> None:
        compared = findings.sentences(sample.document([sample.entry(repeats=[self.BLOCKED])]))
        self.assertRegex(compared[1], "^wrk ")
        single = {**self.BLOCKED, "wrk": {**self.BLOCKED["wrk"], "raw_curve": {"x": [1], "us": [90]}}}
        self.assertNotIn("wrk", "".join(findings.sentences(sample.document([sample.entry(repeats=[single])]))))

    def test_a_caveat_counts_the_requests_that_are_in_no_figure(self) -> None:
        lossy = sample.repeat(sample.latency(100, 300, 5_000, unanswered=1200))
        self.assertIn("1,200 /hello", " ".join(sample.document([sample.entry(repeats=[lossy])])["caveats"]))
        self.assertNotIn("in no figure", " ".join(sample.document([sample.entry()])["caveats"]))

    def test_a_caveat_warns_of_a_busy_machine(self) -> None:
        document = sample.document([sample.entry()])
        self.assertNotIn("busy", " ".join(document["caveats"]))
        document["machine"].update(load_average_1m=3.0, cores=2)
        self.assertIn("busy", " ".join(findings.caveats(document)))


class Diff(unittest.TestCase):
    def document(self, times_ms: Sequence[float], stalls: int = 0, **figures: Any) -> Json:
        repeats = [sample.repeat(time_ms=time_ms, stalls=stalls, **figures) for time_ms in times_ms]
        return sample.document([sample.entry("stream", repeats)], repeats=len(times_ms))

    def assert_changes(self, old: Json, new: Json, *expected: tuple[bool, str]) -> None:
        """Each expected change is whether it is worse, and a pattern of what it says."""
        changes = diff.changes(old, new)
        self.assertEqual([change.worse for change in changes], [worse for worse, _ in expected])
        for change, (_, pattern) in zip(changes, expected):
            self.assertRegex(str(change), pattern)

    def test_there_is_none_within_the_noise_of_the_repeats(self) -> None:
        self.assert_changes(self.document([10, 12, 14]), self.document([13, 14, 15]))
        self.assert_changes(self.document([10, 12, 14]), self.document([14.5, 15, 16]))

    def test_there_is_one_beyond_the_noise_in_either_direction(self) -> None:
        slow, fast = self.document([20, 22, 24]), self.document([10, 12, 14])
        self.assert_changes(fast, slow, (True, "stream +time 12 ms .10 ms to 14 ms., now 22 ms .20 ms to 24 ms.$"))
        self.assert_changes(slow, fast, (False, "^better +stream +time 22 ms"))

    def test_no_figures_are_compared_without_enough_repeats(self) -> None:
        old, new = self.document([10, 10]), self.document([90, 90])
        self.assert_changes(old, new)
        self.assertIn("2 repeats", " ".join(diff.doubts(old, new)))

    def test_a_file_out_of_order_is_worse_however_few_the_repeats(self) -> None:
        self.assert_changes(self.document([10]), self.document([10], in_order=False), (True, "order.*yes.*NO"))

    def test_requests_without_a_response_are_worse_than_none(self) -> None:
        lossy = sample.latency(100, 300, 5_000, unanswered=3)
        old, new = (sample.document([sample.entry(repeats=[sample.repeat(hello)])]) for hello in (None, lossy))
        self.assert_changes(old, new, (True, "3 /hello"))
        self.assert_changes(new, old)
        self.assert_changes(new, new)

    def test_the_first_stall_is_worse(self) -> None:
        free, stalled = (
            self.document([10_000.0] * 3),
            self.document([10_000.0] * 3, stalls=1, longest_stall_ms=45.0),
        )
        self.assert_changes(free, stalled, (True, "longest stall none .*45 ms"))

    def test_a_loop_that_is_blocked_more_is_worse(self) -> None:
        free, blocked = self.document([1000] * 3), self.document([1000] * 3, stalls=1, longest_stall_ms=990.0)
        self.assert_changes(free, blocked, (True, "loop free, now BLOCKED"), (True, "longest stall"))
        self.assert_changes(blocked, free, (False, "loop BLOCKED, now free"), (False, "longest stall"))

    def test_a_method_that_fails_or_is_gone_is_worse(self) -> None:
        old = self.document([10])
        self.assert_changes(old, sample.document([sample.failed("stream", "no response")]), (True, "failed"))
        self.assert_changes(old, sample.document([], methods=["stream"]), (True, "no longer"))
        self.assert_changes(old, sample.document([]))

    def test_another_machine_is_a_doubt(self) -> None:
        old, new = self.document([10, 10, 10]), self.document([10, 10, 10])
        self.assertEqual(diff.doubts(old, new), [])
        new["machine"]["cpu"] = "Another"
        [doubt] = diff.doubts(old, new)
        self.assertIn("Another", doubt)


class Terminal(unittest.TestCase):
    def test_colours_need_a_terminal_and_no_no_color(self) -> None:
        class Screen(io.StringIO):
            def isatty(self) -> bool:
                return True

        for stream, variables, wanted in (
            (Screen(), {"TERM": "xterm"}, True),
            (Screen(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
            (Screen(), {"TERM": "xterm", "NO_COLOR": ""}, True),
            (Screen(), {"TERM": "dumb"}, False),
            (io.StringIO(), {"TERM": "xterm"}, False),
        ):
            with unittest.mock.patch.dict("os.environ", variables, clear=True):
                self.assertIs(terminal.wants_colour(stream), wanted)


if __name__ == "__main__":
    unittest.main()
