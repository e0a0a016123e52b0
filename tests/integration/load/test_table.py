# SPDX-License-Identifier: MIT

"""The verdict, the words and the table made of the figures. No process runs."""

import unittest
from typing import Any

import sample_results as sample
from loopscope_load import table, units
from loopscope_load.statistics import Latency
from loopscope_load.verdict import Figures, Loop, medians

WAITING = sample.latency(500_000, 990_000, 999_000)


def figures_of(hello: Latency | None = None, **figures: Any) -> Figures:
    return medians(sample.entry(repeats=[sample.repeat(hello, **figures)])["summary"])


class Verdict(unittest.TestCase):
    def assert_verdict(
        self, loop: Loop | None, source: str | None, hello: Latency | None = None, **figures: Any
    ) -> None:
        self.assertEqual(figures_of(hello, **figures).verdict[:2], (loop, source))

    def test_rests_on_the_stall_record(self) -> None:
        self.assert_verdict(Loop.BLOCKED, "stall", longest_stall_ms=990.0)
        self.assert_verdict(Loop.STRESSED, "stall", longest_stall_ms=200.0)
        self.assert_verdict(Loop.FREE, "stall", stalls=0)
        self.assert_verdict(Loop.FREE, "stall", WAITING, stalls=0)

    def test_attributes_a_short_stall_to_a_short_write_but_not_to_a_long_one(self) -> None:
        self.assert_verdict(Loop.STRESSED, "stall", longest_stall_ms=45.0)
        self.assert_verdict(Loop.FREE, "stall", longest_stall_ms=45.0, time_ms=10_000.0)
        self.assert_verdict(Loop.FREE, "stall", longest_stall_ms=24.0)

    def test_rests_on_the_lag_where_there_is_no_stall_record(self) -> None:
        self.assert_verdict(Loop.BLOCKED, "lag", lag_max_us=990_000.0)
        self.assert_verdict(Loop.FREE, "lag", lag_max_us=3_000.0)

    def test_rests_on_hello_where_the_report_has_no_loop_figures(self) -> None:
        self.assert_verdict(Loop.BLOCKED, "hello", WAITING)
        self.assert_verdict(Loop.STRESSED, "hello", sample.latency(100, 200_000, 250_000))
        self.assert_verdict(Loop.FREE, "hello", sample.latency(100, 300, 5_000))

    def test_a_short_write_with_one_slow_response_does_not_block(self) -> None:
        self.assert_verdict(Loop.FREE, "hello", sample.latency(100, 900, 15_000), time_ms=20.0)

    def test_a_short_write_can_block(self) -> None:
        self.assert_verdict(Loop.BLOCKED, "hello", sample.latency(9_000, 19_000, 20_000), time_ms=20.0)

    def test_is_none_where_nothing_was_due_during_the_write(self) -> None:
        self.assert_verdict(None, None, sample.latency(None, None, None, 0))


class Sentence(unittest.TestCase):
    def sentence(self, hello: Latency | None = None, **figures: Any) -> str:
        return figures_of(hello, **figures).sentence()

    def test_warns_of_an_incomplete_file_before_other_details(self) -> None:
        self.assertIn("INCOMPLETE", self.sentence(complete=False, out_of_order_records=999_999, drains=120))
        self.assertNotIn("INCOMPLETE", self.sentence(complete=None, drains=120))

    def test_counts_requests_without_a_response(self) -> None:
        self.assertIn("1,200 /hello", self.sentence(sample.latency(100, 300, 5_000, unanswered=1200), stalls=0))

    def test_has_the_time_of_queueing_where_a_timer_there_would_mislead(self) -> None:
        self.assertIn("90 ms", self.sentence(queued_ms=90.0))
        self.assertNotIn("999 ms", self.sentence(queued_ms=999.0))

    def test_has_the_slowest_response_and_the_stall_of_a_blocked_loop(self) -> None:
        self.assertRegex(self.sentence(WAITING, longest_stall_ms=990.0), "999 ms.*990 ms")

    def test_has_the_stall_and_the_idle_figures_of_a_stressed_loop(self) -> None:
        self.assertRegex(self.sentence(longest_stall_ms=200.0), r"200 ms.*p99\.9 5\.0 ms.*4\.0 ms")

    def test_compares_a_free_loop_with_idle_at_a_percentile_that_both_have(self) -> None:
        self.assertRegex(self.sentence(stalls=0), r"p99\.9 5\.0 ms.*4\.0 ms")
        self.assertRegex(self.sentence(sample.latency(100, 300, 5_000, requests=900), stalls=0), r"p99 0\.30 ms.*0\.30")

    def test_fits_the_width_whatever_is_said(self) -> None:
        crowded = figures_of(
            sample.latency(100, 300, 5_000, unanswered=9_999_999),
            complete=False,
            out_of_order_records=999_999,
            queued_ms=1.0,
            drains=99_999,
            longest_stall_ms=200.0,
        )
        self.assertLessEqual(len(crowded.sentence(60)), 60)
        self.assertGreater(len(crowded.sentence(200)), 60)


class Table(unittest.TestCase):
    def test_fits_eighty_columns_whatever_was_measured(self) -> None:
        large = sample.latency(99_940_000, 99_940_000, 99_940_000)
        entries = [
            sample.entry("partition", [sample.repeat(large, time_ms=999_000.0, peak_bytes=99_990_000_000)]),
            sample.entry(
                "callback", [sample.repeat(large, out_of_order_records=999_999, queued_ms=9.0, drains=99_999)]
            ),
            sample.entry("callback", [sample.repeat(large)], system="node", count=100_000, cut_from=1_000_000),
            sample.entry("sync", [sample.repeat(peak_bytes=None, in_order=None, queued_ms=None)]),
            sample.failed("stream", "word " * 50 + "\n  | " + "log " * 40),
        ]
        for line in table.render(sample.document(entries)):
            self.assertLessEqual(len(line), table.WIDTH, line)

    def test_ends_each_figure_under_its_title(self) -> None:
        entry = sample.entry()
        title = table.head([entry])[1]
        figures, article = table.block([entry])[:2]
        for name, figure in (
            ("time", "1.00 s"),
            ("per s", "1.00 M"),
            ("CPU", "90 %"),
            ("p99", "0.30 ms"),
            ("max", "5.0 ms"),
            ("memory", "9.4 MB"),
        ):
            self.assertEqual(title.index(name) + len(name), figures.index(figure) + len(figure), name)
        for name, claim in (("time", "2-3 s"), ("CPU", "70-90 %"), ("memory", "50-70 MB")):
            self.assertEqual(title.index(name) + len(name), article.index(claim) + len(claim), name)
        self.assertEqual(title.index("loop"), article.index("BLOCKED"))

    def test_has_n_a_for_what_is_not_known(self) -> None:
        figures = table.block([sample.entry(repeats=[sample.repeat(peak_bytes=None, in_order=None)])])[0]
        self.assertEqual(figures.count("n/a"), 2)

    def test_has_the_claims_at_their_count_only(self) -> None:
        self.assertNotIn("article", "\n".join(table.block([sample.entry(count=1000)])))
        self.assertIn("article", "\n".join(table.block([sample.entry()])))

    def test_marks_a_write_of_fewer_records(self) -> None:
        cut = sample.entry("promise", system="node", count=100_000, cut_from=1_000_000)
        text = "\n".join(table.block([sample.entry("promise"), cut]))
        self.assertRegex(text, r"(?m)^  node +1\.00 s\+")
        self.assertRegex(text, r"\+ node .*100,000 .*10 us")

    def test_marks_the_verdicts_that_rest_on_hello(self) -> None:
        self.assertIn("free*", "\n".join(table.render(sample.document([sample.entry()]))))
        recorded = sample.document([sample.entry(repeats=[sample.repeat(stalls=0)])])
        self.assertNotIn("*", "\n".join(table.render(recorded)))

    def test_has_the_number_of_repeats_and_the_reason_why_some_are_missing(self) -> None:
        short = {**sample.entry("stream"), "reason": "The server ended by itself."}
        whole = sample.entry("sync", [sample.repeat(), sample.repeat()])
        text = " ".join(" ".join(table.render(sample.document([whole, short], repeats=2))).split())
        self.assertRegex(text, r"1 repeat .*The server ended by itself\.")
        self.assertIn("1 to 2 repeats", text)

    def test_has_colours_only_when_asked(self) -> None:
        self.assertNotIn("\033", "".join(table.render(sample.document([sample.entry()]))))
        self.assertIn("\033[32m", "".join(table.block([sample.entry()], colours=True)))


class Units(unittest.TestCase):
    def test_durations_have_two_or_three_digits_in_every_unit(self) -> None:
        for ms, text in (
            (None, "n/a"),
            (0.0009, "0.9 us"),
            (0.04, "0.04 ms"),
            (0.999, "1.0 ms"),
            (9.96, "10 ms"),
            (999.4, "999 ms"),
            (999.6, "1.00 s"),
            (9_996, "10.0 s"),
            (99_960, "100 s"),
            (1_000_000, "1,000 s"),
        ):
            self.assertEqual(units.duration(ms), text)

    def test_costs_are_microseconds(self) -> None:
        for ms, text in ((None, "n/a"), (0.00042, "0.4 us"), (0.055, "55 us"), (1.5, "1,500 us")):
            self.assertEqual(units.cost(ms), text)

    def test_sizes_are_decimal_megabytes(self) -> None:
        for size_bytes, text in ((None, "n/a"), (9_400_000, "9.4 MB"), (183_000_000, "183 MB"), (1_078e6, "1.08 GB")):
            self.assertEqual(units.megabytes(size_bytes), text)

    def test_rates_have_three_digits(self) -> None:
        for per_s, text in (
            (None, "n/a"),
            (20, "20"),
            (1_234, "1.23 k"),
            (99_400, "99.4 k"),
            (370_400, "370 k"),
            (999_600, "1.00 M"),
            (96_164_803, "96.2 M"),
        ):
            self.assertEqual(units.rate(per_s), text)

    def test_counts_have_a_plural(self) -> None:
        self.assertEqual(units.count(1, "drain"), "1 drain")
        self.assertEqual(units.count(1000, "drain"), "1,000 drains")

    def test_shares_are_of_one_core(self) -> None:
        for share, text in ((None, "n/a"), (0.051, "5.1 %"), (0.9, "90 %"), (1.4, "140 %")):
            self.assertEqual(units.percent(share), text)


if __name__ == "__main__":
    unittest.main()
