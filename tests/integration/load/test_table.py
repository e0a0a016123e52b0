"""The words and the table made of the figures; no process runs."""

import unittest

import support  # noqa: F401  (finds load/)
import reading
import table
import units

IDLE = {"p50_us": 100, "p99_us": 300, "max_us": 4_000}


def row_of(**figures):
    row = {"method": "sync", "outcome": "measured", "runs": 1, "count": 1_000_000,
           "time_ms": 1000.0, "queued_ms": 1000.0, "peak_bytes": 9_400_000, "write_calls": 1_000_000,
           "drains": None, "longest_stall_ms": None,
           "complete": True, "in_order": True, "out_of_order_records": 0,
           "hello": {"p50_us": 100, "p99_us": 300, "max_us": 5_000, "errors": {"timeout": 0}}}
    row.update(figures)
    row["verdict"] = reading.verdict(row, IDLE)
    row["reading"] = reading.sentence(row, IDLE)
    return row


def hello(p50_us, p99_us, max_us, timeout=0):
    return {"p50_us": p50_us, "p99_us": p99_us, "max_us": max_us, "errors": {"timeout": timeout}}


class Verdict(unittest.TestCase):
    def loop(self, **figures):
        verdict = row_of(**figures)["verdict"]
        return verdict["loop"], verdict["from"]

    def test_believes_the_report(self):
        self.assertEqual(self.loop(longest_stall_ms=990.0), (reading.BLOCKED, "report"))
        self.assertEqual(self.loop(longest_stall_ms=200.0), (reading.STRESSED, "report"))
        self.assertEqual(self.loop(longest_stall_ms=0.0), (reading.FREE, "report"))
        self.assertEqual(self.loop(longest_stall_ms=0.0, hello=hello(500_000, 990_000, 999_000)),
                         (reading.FREE, "report"))

    def test_judges_by_hello_where_the_report_is_silent(self):
        self.assertEqual(self.loop(hello=hello(500_000, 990_000, 999_000)), (reading.BLOCKED, "hello"))
        self.assertEqual(self.loop(hello=hello(100, 200_000, 250_000)), (reading.STRESSED, "hello"))
        self.assertEqual(self.loop(hello=hello(100, 300, 5_000)), (reading.FREE, "hello"))

    def test_calls_a_short_write_with_one_slow_answer_not_blocked(self):
        self.assertEqual(self.loop(time_ms=20.0, hello=hello(100, 900, 15_000))[0], reading.FREE)

    def test_sees_a_short_write_that_blocks(self):
        self.assertEqual(self.loop(time_ms=20.0, hello=hello(9_000, 19_000, 20_000))[0], reading.BLOCKED)


class Sentence(unittest.TestCase):
    def test_warns_of_an_incomplete_file_first(self):
        self.assertIn("INCOMPLETE", row_of(complete=False, out_of_order_records=999_999, drains=120)["reading"])

    def test_names_the_misleading_timer(self):
        self.assertIn("all queued after 90 ms", row_of(queued_ms=90.0)["reading"])
        self.assertNotIn("queued", row_of(queued_ms=999.0)["reading"])

    def test_keeps_the_details_that_fit_in_a_line(self):
        said = row_of(out_of_order_records=999_999, queued_ms=90.0, drains=99_999)["reading"]
        self.assertLessEqual(len(said), 78)
        self.assertIn("999,999 records out of order", said)

    def test_tells_one_write_call_a_record_from_batches(self):
        self.assertIn("1.0 us a write call", row_of()["reading"])
        self.assertIn("121 write calls", row_of(write_calls=121)["reading"])

    def test_claims_nothing_about_what_was_not_measured(self):
        said = row_of(queued_ms=None, write_calls=None, complete=None, out_of_order_records=None)["reading"]
        self.assertEqual(said, "99 of 100 /hello within 0.30 ms (idle 0.30 ms).")


class Table(unittest.TestCase):
    def document(self, rows, **settings):
        return {"idle": IDLE, "rows": rows,
                "settings": {"count": 1_000_000, "url": None, "window_s": 3.0,
                             "load": {"connections": 256, "pause_max_ms": 1000}, **settings},
                "machine": {"cpu": "A Processor With A Very Long Name @ 2.00GHz", "cores": 128,
                            "kernel": "6.18.44-with-a-long-suffix", "file_system": "overlay",
                            "commit": "0123456789abcdef", "uncommitted_changes": True}}

    def lines(self, rows, **settings):
        document = self.document(rows, **settings)
        count = document["settings"]["count"]
        return [*table.head(document), *(line for row in rows for line in table.block(row, count)),
                *table.foot(document)]

    def test_fits_eighty_columns_whatever_was_measured(self):
        large = hello(99_940_000, 99_940_000, 99_940_000, timeout=1_000_000)
        rows = [
            row_of(method="partition", runs=1234, time_ms=999_000.0, peak_bytes=99_990_000_000, hello=large),
            row_of(method="callback", hello=large, out_of_order_records=999_999, queued_ms=9.0, drains=99_999),
            row_of(peak_bytes=None, in_order=None, queued_ms=None),
            {"method": "stream", "outcome": "failed", "reason": "word " * 50 + "\n  | " + "log " * 40},
        ]
        for line in self.lines(rows):
            self.assertLessEqual(len(line), table.WIDTH, line)

    def test_ends_each_figure_under_its_title(self):
        title = table.head(self.document([]))[1]
        figures, article = table.block(row_of(), 1_000_000)[:2]
        for name, figure in (("time", "1.00 s"), ("p50", "0.10 ms"), ("max", "5.0 ms"), ("memory", "9.4 MB")):
            self.assertEqual(title.index(name) + len(name), figures.index(figure) + len(figure), name)
        for name, said in (("time", "2-3 s"), ("memory", "50-70 MB")):
            self.assertEqual(title.index(name) + len(name), article.index(said) + len(said), name)
        self.assertEqual(title.index("loop"), article.index("BLOCKED"))

    def test_says_n_a_for_what_is_not_known(self):
        figures = table.block(row_of(peak_bytes=None, in_order=None), 1_000_000)[0]
        self.assertEqual(figures.count("n/a"), 2)

    def test_leaves_the_claims_out_at_another_count(self):
        self.assertNotIn("article", "\n".join(table.block(row_of(), 1000)))
        self.assertIn("article", "\n".join(table.block(row_of(), 1_000_000)))

    def test_says_which_verdicts_are_judged(self):
        self.assertIn("* judged", "\n".join(self.lines([row_of()])))
        self.assertNotIn("*", "\n".join(self.lines([row_of(longest_stall_ms=0.0)])))

    def test_counts_answers_that_wrk_dropped(self):
        said = " ".join(" ".join(table.block(row_of(hello=hello(1, 2, 3, 7)), 1000)).split())
        self.assertIn("7 answers came too late", said)

    def test_colours_only_when_asked(self):
        self.assertNotIn("\033", "".join(self.lines([row_of()])))
        self.assertIn("\033[32m", "".join(table.block(row_of(), 1000, colours=True)))


class Units(unittest.TestCase):
    def test_keeps_two_or_three_figures_across_the_units(self):
        for ms, text in ((None, "n/a"), (0.0009, "0.9 us"), (0.04, "0.04 ms"), (0.999, "1.0 ms"), (9.96, "10 ms"),
                         (999.4, "999 ms"), (999.6, "1.00 s"), (9_996, "10.0 s"), (99_960, "100 s"),
                         (1_000_000, "1,000 s")):
            self.assertEqual(units.duration(ms), text)

    def test_gives_sizes_in_decimal_megabytes(self):
        for size_bytes, text in ((None, "n/a"), (9_400_000, "9.4 MB"), (183_000_000, "183 MB"), (1_078e6, "1.08 GB")):
            self.assertEqual(units.megabytes(size_bytes), text)

    def test_counts_things(self):
        self.assertEqual(units.count(1, "drain"), "1 drain")
        self.assertEqual(units.count(1000, "drain"), "1,000 drains")


if __name__ == "__main__":
    unittest.main()
