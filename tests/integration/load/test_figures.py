"""Percentiles, summaries, claims and differences on figures that are known; no process runs."""

import io
import unittest

import support  # noqa: F401  (finds load/)
import sample_results as sample
from loopscope_load import claims_table, comparison, diff, experiment, failure, finding, probe, quantiles, reading
from loopscope_load.summary import summary


class Quantiles(unittest.TestCase):
    def test_one_stall_in_a_uniform_schedule_has_the_percentiles_of_arithmetic(self):
        # A run of 8 s with a stall of 3 s at a request a millisecond: q = 3 s - (1 - q) * 8 s.
        latencies = [max(0, 3000 - due) * 1000 if due < 3000 else 0 for due in range(8000)]
        figures = quantiles.figures(latencies)
        self.assertAlmostEqual(figures["p90_us"] / 1e6, 3 - 0.1 * 8, 2)
        self.assertAlmostEqual(figures["p99_us"] / 1e6, 3 - 0.01 * 8, 2)
        self.assertEqual(figures["max_us"], 3_000_000)

    def test_gives_no_percentile_that_the_samples_cannot_have(self):
        self.assertIsNone(quantiles.figures(range(999))["p99_9_us"])
        self.assertEqual(quantiles.figures(range(1, 1001))["p99_9_us"], 999)
        self.assertEqual(set(quantiles.figures([]).values()), {0, None})

    def test_a_curve_ends_in_the_maximum_at_the_number_of_samples(self):
        curve = quantiles.curve(range(1, 101))
        self.assertEqual((curve["x"][-1], curve["us"][-1]), (100, 100))
        self.assertEqual(curve["us"], sorted(curve["us"]))
        self.assertEqual(dict(zip(curve["x"], curve["us"]))[10.0], 90)


class Requests(unittest.TestCase):
    ROWS = (
        "scheduled_us,sent_us,done_us,status,expected,repeated\n0,1,100,200,true,false\n1000,1001,1300,200,true,false\n"
        "2000,2001,2500,429,false,false\n3000,3001,,,,false\n4000,,,skipped,,false\n"
    )

    def test_counts_from_when_a_request_was_due_and_apart_what_had_no_answer(self):
        requests = probe.read_requests(io.StringIO(self.ROWS))
        self.assertEqual(requests.latency_us, [100, 300, None, None])
        self.assertEqual(requests.from_sent().within([[0, 9]]), [99, 299, None, None])
        figures = quantiles.figures(requests.within([[0, 9]]))
        self.assertEqual((figures["requests"], figures["unanswered"], figures["max_us"]), (2, 2, 300))

    def test_keeps_what_was_due_in_a_window(self):
        requests = probe.Requests([0, 1000, 2000, 3000, 4000], [1, 2, 3, 4, 5])
        self.assertEqual(requests.within([[1, 2], [3.5, 9]]), [2, 3, 5])

    def test_thins_points_but_keeps_the_slowest(self):
        many = probe.Requests(list(range(100_000)), [1] * 99_990 + [1000] * 10)
        points = experiment.points(many)
        self.assertEqual(points["answered"], 100_000)
        self.assertEqual(points["latency_us"].count(1000), 10)


class WallClock(unittest.TestCase):
    def test_notices_that_it_was_set_in_either_direction(self):
        for step_s, said in ((-10, "by -10.0 s"), (10, "by \\+10.0 s")):
            wall_s = iter((1_000, 1_060 + step_s))
            clock = probe.WallClock(lambda: next(wall_s), iter((5, 65)).__next__)
            with self.assertRaisesRegex(failure.Failure, said):
                clock.check()

    def test_leaves_alone_what_is_adjusted_gradually(self):
        wall_s = iter((1_000, 1_060.03))
        probe.WallClock(lambda: next(wall_s), iter((5, 65)).__next__).check()


class Summary(unittest.TestCase):
    def test_takes_median_and_range_and_what_one_repeat_denies(self):
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

    def test_tells_a_measured_zero_from_what_was_not_measured(self):
        for counts, greatest in (((0, 0), 0), ((None, 0), 0), ((None, 7), 7), ((None, None), None)):
            figures = summary([sample.repeat(out_of_order_records=count) for count in counts], 1000)
            self.assertEqual(figures["out_of_order_records"], greatest)

    def test_has_the_longest_stall_of_the_repeats_that_had_one(self):
        none, one = {"stalls": 0, "longest_stall_ms": None}, {"stalls": 1, "longest_stall_ms": 990.0}
        for repeats, stall_ms, loop in (
            ((none, none), None, reading.FREE),
            ((none, none, one), 990.0, reading.FREE),
            ((none, one, one), 990.0, reading.BLOCKED),
        ):
            figures = summary([sample.repeat(**each) for each in repeats], 1000)
            self.assertEqual(figures["longest_stall_ms"] and figures["longest_stall_ms"]["median"], stall_ms)
            self.assertEqual(figures["verdict"]["loop"], loop)


class Claims(unittest.TestCase):
    def test_places_a_figure_beside_its_claim(self):
        for value, said in (
            (2500, "as claimed"),
            (3200, "as claimed"),
            (6000, "2.0 x the claim"),
            (500, "0.25 x the claim"),
            (60_000, "20 x the claim"),
            (None, None),
        ):
            self.assertEqual(claims_table.relation(value, 2000, 3000), said)

    def test_gives_a_cut_run_its_cost_a_record_and_what_the_whole_would_take(self):
        entry = sample.entry("promise", [sample.repeat(time_ms=5500.0)], "node", 100_000, 1_000_000)
        row = claims_table.rows([entry], sample.document([entry])["settings"])[0]
        self.assertEqual(
            row["measured"]["node"],
            {"says": "5.50 s for 100,000, 55 us each; 55.0 s at that for all", "relation": "as claimed"},
        )

    def test_do_not_contradict_an_order_that_is_kept_where_none_is_promised(self):
        self.assertEqual(
            [
                claims_table.order_relation(in_order, claim)
                for in_order, claim in (
                    (True, "in order"),
                    (False, "in order"),
                    (True, "not guaranteed"),
                    (False, "not guaranteed"),
                    (None, "in order"),
                )
            ],
            ["as claimed", "not as claimed", None, "as claimed", None],
        )

    def test_are_left_out_at_another_count(self):
        self.assertEqual(sample.document([sample.entry(count=10)], count=10)["claims"], [])


class Quick(unittest.TestCase):
    def test_cuts_a_slow_write_to_a_round_number_of_records(self):
        for each_ms, count in (
            (0.005, 10_000_000),
            (0.055, 1_000_000),
            (0.286, 300_000),
            (10.0, comparison.TRIAL_COUNT),
        ):
            self.assertEqual(comparison.affordable(each_ms), count)


class Finding(unittest.TestCase):
    def test_names_the_stall_and_the_slowest_answer_first(self):
        said = finding.sentences(
            sample.document(
                [
                    sample.entry("stream", [sample.repeat(stalls=0)]),
                    sample.entry(
                        repeats=[sample.repeat(sample.latency(500_000, 990_000, 999_000), longest_stall_ms=990.0)]
                    ),
                ]
            )
        )
        self.assertIn(
            "a stall of 990 ms, and the slowest /hello that was due meanwhile waited 999 ms, 101 % of it", said[0]
        )
        self.assertIn("stream p99.9 5.0 ms (idle 4.0 ms)", said[1])

    def test_says_nothing_of_the_middle_of_a_single_request(self):
        repeat = sample.repeat(sample.latency(500_000, 990_000, 999_000), longest_stall_ms=990.0)
        repeat["wrk"]["raw_curve"] = {"x": [1], "us": [90]}
        self.assertEqual(len(finding.sentences(sample.document([sample.entry(repeats=[repeat])]))), 1)

    def test_warns_of_requests_that_are_in_no_figure(self):
        hello = {**sample.latency(100, 300, 5_000), "unanswered": 1200}
        self.assertIn(
            "1,200 /hello that were due",
            " ".join(sample.document([sample.entry(repeats=[sample.repeat(hello)])])["caveats"]),
        )

    def test_warns_of_a_busy_machine(self):
        document = sample.document([sample.entry()])
        self.assertNotIn("busy", " ".join(document["caveats"]))
        document["machine"].update(load_average_1m=3.0, cores=2)
        self.assertIn("busy", " ".join(finding.caveats(document)))


class Diff(unittest.TestCase):
    def document(self, times_ms, **figures):
        repeats = [sample.repeat(time_ms=time_ms, stalls=0, **figures) for time_ms in times_ms]
        return sample.document([sample.entry("stream", repeats)], repeats=len(times_ms))

    def said(self, old, new):
        return [str(change) for change in diff.changes(old, new)]

    def test_is_silent_within_the_noise_of_the_repeats(self):
        self.assertEqual(self.said(self.document([10, 12, 14]), self.document([13, 14, 15])), [])
        self.assertEqual(self.said(self.document([10, 12, 14]), self.document([14.5, 15, 16])), [])

    def test_tells_what_lies_beyond_it_in_either_direction(self):
        slow, fast = self.document([20, 22, 24]), self.document([10, 12, 14])
        self.assertEqual(
            self.said(fast, slow),
            ["WORSE   stream               time 12 ms (10 ms to 14 ms), now 22 ms (20 ms to 24 ms)"],
        )
        self.assertTrue(self.said(slow, fast)[0].startswith("better  stream"))

    def test_compares_no_figures_without_enough_repeats_and_says_so(self):
        old, new = self.document([10, 10]), self.document([90, 90])
        self.assertEqual(self.said(old, new), [])
        self.assertIn("noise is not known", " ".join(diff.doubts(old, new)))

    def test_a_file_out_of_order_is_worse_however_few_the_repeats(self):
        changes = diff.changes(self.document([10]), self.document([10], in_order=False))
        self.assertEqual(
            [(change.worse, change.what) for change in changes], [(True, "the records are in order: yes, now NO")]
        )

    def test_requests_without_their_answer_are_worse_than_none(self):
        lossy = {**sample.latency(100, 300, 5_000), "unanswered": 3}
        old, new = (sample.document([sample.entry(repeats=[sample.repeat(hello)])]) for hello in (None, lossy))
        self.assertEqual(
            [str(change) for change in diff.changes(old, new)],
            ["WORSE   sync                 3 /hello without their answer, none before"],
        )
        self.assertEqual(diff.changes(new, new), [])

    def test_a_stall_where_there_was_none_is_worse(self):
        free, stalled = (
            [sample.entry("stream", [sample.repeat(time_ms=10_000.0, **each)] * 3)]
            for each in ({"stalls": 0}, {"stalls": 1, "longest_stall_ms": 45.0})
        )
        self.assertEqual(
            self.said(sample.document(free, repeats=3), sample.document(stalled, repeats=3)),
            ["WORSE   stream               longest stall none (none to none), now 45 ms (45 ms to 45 ms)"],
        )

    def test_a_method_that_fails_or_is_gone_is_worse(self):
        old = self.document([10])
        for new in (sample.document([sample.failed("stream", "no answer")]), sample.document([], methods=["stream"])):
            self.assertEqual([change.worse for change in diff.changes(old, new)], [True])
        self.assertEqual(diff.changes(old, sample.document([])), [])

    def test_doubts_another_machine(self):
        old, new = self.document([10, 10, 10]), self.document([10, 10, 10])
        new["machine"]["cpu"] = "Another"
        self.assertEqual(diff.doubts(old, new), [f"cpu: {old['machine']['cpu']}, now Another."])


if __name__ == "__main__":
    unittest.main()
