"""The words and the table made of the figures; no process runs."""

import unittest

import support  # noqa: F401  (finds load/)
import sample_results as sample
from loopscope_load import reading, table, units
from loopscope_load.summary import middles


def row_of(hello=None, **figures):
    return middles(sample.entry(repeats=[sample.repeat(hello, **figures)])["summary"])


class Verdict(unittest.TestCase):
    def loop(self, hello=None, **figures):
        verdict = row_of(hello, **figures)["verdict"]
        return verdict["loop"], verdict["from"]

    def test_believes_the_stall_record(self):
        self.assertEqual(self.loop(longest_stall_ms=990.0), (reading.BLOCKED, "stall"))
        self.assertEqual(self.loop(longest_stall_ms=200.0), (reading.STRESSED, "stall"))
        self.assertEqual(self.loop(stalls=0), (reading.FREE, "stall"))
        self.assertEqual(self.loop(sample.latency(500_000, 990_000, 999_000), stalls=0), (reading.FREE, "stall"))

    def test_takes_a_stall_of_a_short_write_for_the_methods_and_of_a_long_one_for_the_machines(self):
        self.assertEqual(self.loop(longest_stall_ms=45.0), (reading.STRESSED, "stall"))
        self.assertEqual(self.loop(longest_stall_ms=45.0, time_ms=10_000.0), (reading.FREE, "stall"))
        self.assertEqual(self.loop(longest_stall_ms=24.0), (reading.FREE, "stall"))

    def test_takes_the_lag_where_there_is_no_stall_record(self):
        self.assertEqual(self.loop(lag_max_us=990_000.0), (reading.BLOCKED, "lag"))
        self.assertEqual(self.loop(lag_max_us=3_000.0), (reading.FREE, "lag"))

    def test_judges_by_hello_where_the_report_is_silent(self):
        self.assertEqual(self.loop(sample.latency(500_000, 990_000, 999_000)), (reading.BLOCKED, "hello"))
        self.assertEqual(self.loop(sample.latency(100, 200_000, 250_000)), (reading.STRESSED, "hello"))
        self.assertEqual(self.loop(sample.latency(100, 300, 5_000)), (reading.FREE, "hello"))

    def test_calls_a_short_write_with_one_slow_answer_not_blocked(self):
        self.assertEqual(self.loop(sample.latency(100, 900, 15_000), time_ms=20.0)[0], reading.FREE)

    def test_sees_a_short_write_that_blocks(self):
        self.assertEqual(self.loop(sample.latency(9_000, 19_000, 20_000), time_ms=20.0)[0], reading.BLOCKED)

    def test_says_nothing_where_nothing_was_due_during_the_write(self):
        self.assertEqual(self.loop(sample.latency(None, None, None, 0)), (None, None))


class Sentence(unittest.TestCase):
    def said(self, hello=None, **figures):
        return reading.sentence(row_of(hello, **figures))

    def test_warns_of_an_incomplete_file_first(self):
        self.assertIn("INCOMPLETE", self.said(complete=False, out_of_order_records=999_999, drains=120))

    def test_warns_of_requests_without_their_answer(self):
        hello = {**sample.latency(100, 300, 5_000), "unanswered": 1200}
        self.assertIn("1,200 /hello WITHOUT THEIR ANSWER", self.said(hello, stalls=0))

    def test_names_the_misleading_timer(self):
        self.assertIn("all queued after 90 ms", self.said(queued_ms=90.0))
        self.assertNotIn("queued", self.said(queued_ms=999.0))

    def test_puts_the_stall_beside_the_slowest_answer(self):
        self.assertIn(
            "waited up to 999 ms, the loop stood still for 990 ms",
            self.said(sample.latency(500_000, 990_000, 999_000), longest_stall_ms=990.0),
        )

    def test_compares_a_stressed_loop_with_idle_too(self):
        self.assertIn(
            "stalled for up to 200 ms at once; /hello p99.9 5.0 ms (idle 4.0 ms)", self.said(longest_stall_ms=200.0)
        )

    def test_compares_with_idle_at_a_percentile_that_both_have(self):
        self.assertIn("/hello p99.9 5.0 ms (idle 4.0 ms)", self.said(stalls=0))
        self.assertIn(
            "/hello p99 0.30 ms (idle 0.30 ms)", self.said(sample.latency(100, 300, 5_000, requests=900), stalls=0)
        )


class Table(unittest.TestCase):
    def test_fits_eighty_columns_whatever_was_measured(self):
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

    def test_ends_each_figure_under_its_title(self):
        entry = sample.entry()
        title = table.head([entry])[1]
        figures, article = table.block([entry])[:2]
        for name, figure in (("time", "1.00 s"), ("p50", "0.10 ms"), ("max", "5.0 ms"), ("memory", "9.4 MB")):
            self.assertEqual(title.index(name) + len(name), figures.index(figure) + len(figure), name)
        for name, said in (("time", "2-3 s"), ("memory", "50-70 MB")):
            self.assertEqual(title.index(name) + len(name), article.index(said) + len(said), name)
        self.assertEqual(title.index("loop"), article.index("BLOCKED"))

    def test_says_n_a_for_what_is_not_known(self):
        figures = table.block([sample.entry(repeats=[sample.repeat(peak_bytes=None, in_order=None)])])[0]
        self.assertEqual(figures.count("n/a"), 2)

    def test_leaves_the_claims_out_at_another_count(self):
        self.assertNotIn("article", "\n".join(table.block([sample.entry(count=1000)])))
        self.assertIn("article", "\n".join(table.block([sample.entry()])))

    def test_says_what_was_cut(self):
        said = "\n".join(
            table.block(
                [sample.entry("promise"), sample.entry("promise", system="node", count=100_000, cut_from=1_000_000)]
            )
        )
        self.assertRegex(said, r"(?m)^  node +1\.00 s\+")
        self.assertIn("+ node wrote 100,000 records only, 10 us each", said)

    def test_says_which_verdicts_are_judged(self):
        self.assertIn("* judged", "\n".join(table.render(sample.document([sample.entry()]))))
        told = sample.document([sample.entry(repeats=[sample.repeat(stalls=0)])])
        self.assertNotIn("*", "\n".join(table.render(told)))

    def test_says_why_later_repeats_are_missing_and_how_many_there_are(self):
        short = {**sample.entry("stream"), "reason": "The server ended by itself."}
        whole = sample.entry("sync", [sample.repeat(), sample.repeat()])
        text = " ".join(" ".join(table.render(sample.document([whole, short], repeats=2))).split())
        self.assertIn("1 repeat of loopscope, then: The server ended by itself.", text)
        self.assertIn("Medians of 1 to 2 repeats", text)

    def test_colours_only_when_asked(self):
        self.assertNotIn("\033", "".join(table.render(sample.document([sample.entry()]))))
        self.assertIn("\033[32m", "".join(table.block([sample.entry()], colours=True)))


class Units(unittest.TestCase):
    def test_keeps_two_or_three_figures_across_the_units(self):
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

    def test_gives_what_one_costs_in_microseconds(self):
        for ms, text in ((None, "n/a"), (0.00042, "0.4 us"), (0.055, "55 us"), (1.5, "1,500 us")):
            self.assertEqual(units.cost(ms), text)

    def test_gives_sizes_in_decimal_megabytes(self):
        for size_bytes, text in ((None, "n/a"), (9_400_000, "9.4 MB"), (183_000_000, "183 MB"), (1_078e6, "1.08 GB")):
            self.assertEqual(units.megabytes(size_bytes), text)

    def test_counts_things(self):
        self.assertEqual(units.count(1, "drain"), "1 drain")
        self.assertEqual(units.count(1000, "drain"), "1,000 drains")

    def test_gives_shares_of_a_core(self):
        for share, text in ((None, "n/a"), (0.051, "5.1 %"), (0.9, "90 %"), (1.4, "140 %")):
            self.assertEqual(units.percent(share), text)


if __name__ == "__main__":
    unittest.main()
