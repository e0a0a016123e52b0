# SPDX-License-Identifier: MIT

"""report.html: one file without references, made from the JSON in it, with and without its chart library."""

import html
import json
import os
import re
import shutil
import subprocess
import unittest
import unittest.mock

import sample_results as sample
import support
from loopscope_load import Json, evidence, report_page, session

CHROMIUM = shutil.which("chromium") or ""


def a_document() -> Json:
    return sample.document(
        [
            sample.entry("sync", [sample.repeat(sample.latency(500_000, 990_000, 999_000), longest_stall_ms=990.0)]),
            sample.entry("stream", system="node"),
            sample.failed("callback", "The service answered 500: <i>oops</i>"),
        ]
    )


class Page(unittest.TestCase):
    def test_contains_the_results_unchanged(self) -> None:
        document = a_document()
        page = report_page.render(document)
        [embedded] = re.findall(r'<script type="application/json" id="results">(.*?)</script>', page, re.DOTALL)
        self.assertEqual(json.loads(embedded), document)

    def test_refers_to_no_other_file(self) -> None:
        page = report_page.render(a_document())
        self.assertEqual(re.findall(r"<(?:script|img|iframe)[^>]* src=|<link|@import|url\(", page), [])
        self.assertNotIn("<!-- inline", page)
        self.assertNotIn("<!-- results", page)

    @unittest.skipUnless(report_page.has_charts(), report_page.NO_CHARTS)
    def test_the_foot_has_the_licence_of_what_is_in_the_page(self) -> None:
        page = report_page.render(a_document())
        [foot] = re.findall(r"<footer>(.*?)</footer>", page, re.DOTALL)
        self.assertIn("the loopscope authors", foot)
        self.assertIn("Permission is hereby granted", foot)
        self.assertNotIn("sourceMappingURL", page)

    def test_without_the_chart_library_the_page_has_neither_it_nor_its_licence(self) -> None:
        with unittest.mock.patch.object(report_page, "DYGRAPHS", "/nonexistent"):
            page = report_page.render(a_document())
        self.assertNotIn("drawn by dygraphs", page)
        self.assertIn("the loopscope authors", page)

    def test_the_template_names_every_file_of_the_folder(self) -> None:
        named = set(re.findall(r"<!-- inline: ([\w.-]+) -->", report_page.read("template.html")))
        present = {name for name in os.listdir(report_page.FOLDER) if name.endswith((".js", ".css"))}
        self.assertEqual(named - set(report_page.DYGRAPHS_FILES), present)


@unittest.skipUnless(CHROMIUM, "Chromium is not installed (Debian package chromium)")
class InBrowser(support.Folder):
    def open(self, document: Json) -> tuple[str, list[str]]:
        """The page's elements after its scripts have run, and the lines of its console."""
        page = report_page.render(document)
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

    def test_shows_findings_claims_tables_and_conditions_without_an_error(self) -> None:
        shown, console = self.open(a_document())
        self.assertEqual(console, [])
        for text in (
            *a_document()["finding"],
            *a_document()["caveats"],
            "50-70 MB",
            "Node.js",
            "The service answered 500: <i>oops</i>",
            "</script><b>not markup",
        ):
            self.assertIn(html.escape(text, quote=False), shown)
        self.assertGreaterEqual(shown.count("<table"), 8)

    def test_draws_a_session_of_the_page_without_an_error(self) -> None:
        recorded = json.loads((support.HERE / "session.json").read_text(encoding="utf-8"))
        document = session.to_document(recorded)
        shown, console = self.open(document)
        self.assertEqual(console, [])
        for text in (*document["finding"], *document["caveats"]):
            self.assertIn(html.escape(text, quote=False), shown)

    def test_no_stall_differs_from_an_unknown_number_of_stalls(self) -> None:
        none: Json = {"stalls": 0}
        one: Json = {"stalls": 1, "longest_stall_ms": 40.0}
        entries = [
            sample.entry("stream", [sample.repeat(**none)]),
            sample.entry("partition", [sample.repeat(**none), sample.repeat(**one)]),
            sample.entry("sync", system="node"),
        ]
        shown, _ = self.open(sample.document(entries))
        cells = re.findall(r'<td data-label="longest stall">(.*?)</td>', shown)
        words = [" ".join(re.sub("<.*?>|&nbsp;", " ", cell).split()) for cell in cells]
        self.assertEqual(words, ["none", "40 ms none to 40 ms", "n/a"])

    @unittest.skipUnless(report_page.has_charts(), report_page.NO_CHARTS)
    def test_draws_six_charts_a_method_that_the_keyboard_reaches(self) -> None:
        shown, _ = self.open(a_document())
        self.assertEqual(shown.count('class="canvas"'), 12)
        self.assertEqual(shown.count("<canvas"), 24)  # each has one for the cursor
        self.assertEqual(shown.count('tabindex="0" role="img"'), 12)

    @unittest.skipUnless(report_page.has_charts(), report_page.NO_CHARTS)
    def test_draws_the_buffer_of_a_stream_below_the_claims_which_point_there(self) -> None:
        def run(buffer: Json) -> Json:
            return {
                "count": 9,
                "report": {"backpressure": {"high_water_mark": 16384}},
                "text": "",
                "threads": [],
                **buffer,
            }

        readings = {"at_us": [0, 400, 900, 1300], "bytes": [8000, 16387, 0, 12000], "drains_at_us": [900]}
        found = evidence.empty()
        for system, buffer in (("node", readings), ("loopscope", {"reason": "No readings <b>."})):
            runs = {"stream 16 KiB": run({"buffer": buffer}), "sync": run({"buffer": None})}
            found["systems"][system] = {"runs": runs, "pages": None, "crash": None}
        shown, console = self.open(sample.document([sample.entry("stream")], found=found))
        self.assertEqual(console, [])
        [drawing] = re.findall(r'<div id="stream-buffer">(.*)<section id="methods">', shown, re.DOTALL)
        self.assertEqual(drawing.count('class="canvas"'), 1)
        self.assertIn("0.90 ms (drain)", drawing)
        self.assertIn("loopscope, stream 16 KiB: not measured: No readings &lt;b&gt;.", drawing)
        self.assertGreater(shown.count('href="#stream-buffer"'), 3)

        shown, _ = self.open(sample.document([sample.entry("stream")]))
        self.assertNotIn("stream-buffer", shown)

    def test_has_its_tables_without_the_chart_library(self) -> None:
        with unittest.mock.patch.object(report_page, "DYGRAPHS", "/nonexistent"):
            shown, console = self.open(a_document())
        self.assertEqual(console, [])
        self.assertNotIn("<canvas", shown)
        self.assertIn("libjs-dygraphs", shown)
        self.assertGreaterEqual(shown.count("<table"), 8)


if __name__ == "__main__":
    unittest.main()
