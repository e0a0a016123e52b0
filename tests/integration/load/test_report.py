"""report.html: nothing but itself, everything from the JSON in it, with and without its chart library."""

import json
import os
import re
import shutil
import subprocess
import unittest
import unittest.mock

import support
import sample_results as sample
from loopscope_load import report_page

CHROMIUM = shutil.which("chromium")


def a_document():
    return sample.document(
        [
            sample.entry("sync", [sample.repeat(sample.latency(500_000, 990_000, 999_000), longest_stall_ms=990.0)]),
            sample.entry("stream", system="node"),
            sample.failed("callback", "The service answered 500: <i>oops</i>"),
        ]
    )


class Page(unittest.TestCase):
    def test_carries_the_results_unharmed(self):
        document = a_document()
        page = report_page.render(document)
        embedded = re.search(r'<script type="application/json" id="results">(.*?)</script>', page, re.S)
        self.assertEqual(json.loads(embedded[1]), document)

    def test_asks_for_nothing_from_elsewhere(self):
        page = report_page.render(a_document())
        self.assertEqual(re.findall(r"<(?:script|img|iframe)[^>]* src=|<link|@import|url\(", page), [])
        self.assertNotIn("<!-- inline", page)
        self.assertNotIn("<!-- results", page)

    def test_says_when_the_chart_library_cannot_be_had(self):
        with unittest.mock.patch.object(report_page, "UPLOT", "/nonexistent"), unittest.mock.patch.dict(
            os.environ, {"PATH": "/nonexistent"}
        ):
            self.assertIn("Debian package npm", report_page.get_uplot())
            self.assertNotIn("uPlot.assign", report_page.render(a_document()))

    def test_its_files_name_every_file_that_it_has(self):
        named = set(re.findall(r"<!-- inline: ([\w.-]+) -->", report_page.read("template.html")))
        there = {name for name in os.listdir(report_page.FOLDER) if name.endswith((".js", ".css"))}
        self.assertEqual(named - set(report_page.UPLOT_FILES), there)


@unittest.skipIf(CHROMIUM is None, "Chromium is not installed (Debian package chromium)")
class InBrowser(support.StandIn):
    def opened(self, page):
        """The page's elements and what it wrote to the console, once its scripts have run."""
        path = os.path.join(self.folder, "report.html")
        with open(path, "w", encoding="utf-8") as file:
            file.write(page)
        done = subprocess.run(
            [
                CHROMIUM,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--enable-logging=stderr",
                f"--user-data-dir={self.folder}/profile",
                "--virtual-time-budget=5000",
                "--dump-dom",
                "file://" + path,
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout.split('<script type="application/json"')[0], re.findall(r"CONSOLE.*", done.stderr)

    def test_shows_finding_claims_tables_and_conditions_without_an_error(self):
        shown, console = self.opened(report_page.render(a_document()))
        self.assertEqual(console, [])
        for said in (
            "a stall of 990 ms",
            "The articles' claims, measured",
            "50-70 MB",
            "Node.js",
            "Conditions and caveats",
            "The service answered 500: &lt;i&gt;oops&lt;/i&gt;",
            "&lt;/script&gt;&lt;b&gt;not markup",
        ):
            self.assertIn(said, shown)
        self.assertGreaterEqual(shown.count("<table"), 8)

    def test_tells_no_stall_from_one_that_is_not_known(self):
        none, one = {"stalls": 0}, {"stalls": 1, "longest_stall_ms": 40.0}
        shown, _ = self.opened(
            report_page.render(
                sample.document(
                    [
                        sample.entry("stream", [sample.repeat(**none)]),
                        sample.entry("partition", [sample.repeat(**none), sample.repeat(**one)]),
                        sample.entry("sync", system="node"),
                    ]
                )
            )
        )
        cells = re.findall(r'<td data-label="longest stall">(.*?)</td>', shown)
        words = [" ".join(re.sub("<.*?>|&nbsp;", " ", cell).split()) for cell in cells]
        self.assertEqual(words, ["none", "40 ms none to 40 ms", "n/a"])

    @unittest.skipIf(report_page.get_uplot(), "the chart library is not installed and cannot be")
    def test_draws_five_charts_a_method_that_the_keyboard_reaches(self):
        shown, _ = self.opened(report_page.render(a_document()))
        self.assertEqual(shown.count("<canvas"), 10)
        self.assertEqual(shown.count('tabindex="0" role="img"'), 10)

    def test_has_its_tables_without_charts(self):
        with unittest.mock.patch.object(report_page, "UPLOT", "/nonexistent"):
            shown, console = self.opened(report_page.render(a_document()))
        self.assertEqual(console, [])
        self.assertNotIn("<canvas", shown)
        self.assertIn("No charts: the library uPlot", shown)
        self.assertGreaterEqual(shown.count("<table"), 8)


if __name__ == "__main__":
    unittest.main()
