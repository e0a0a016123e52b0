# SPDX-License-Identifier: MIT

"""Makes report.html: the page of load/report with all of its files and the results as JSON in one file.

template.html names the files to insert by <!-- inline: NAME --> and the places of the results and of the licences by
<!-- results --> and <!-- licenses -->.
"""

import html
import json
import os
import re

from loopscope_load import Json
from loopscope_load.build import ROOT

FOLDER = os.path.join(ROOT, "load", "report")
DYGRAPHS = os.environ.get("LOOPSCOPE_DYGRAPHS", "/usr/share/javascript/dygraphs")
DYGRAPHS_FILES = ("dygraph.min.css", "dygraph.min.js")
DYGRAPHS_NOTICE = "/usr/share/doc/libjs-dygraphs/copyright"
NO_CHARTS = "the report has tables but no charts: they need dygraphs (Debian package libjs-dygraphs)"


def render(document: Json) -> str:
    """The page of one comparison, as text."""
    page = re.sub(r"<!-- inline: ([\w.-]+) -->", lambda match: _inlined(match[1]), read("template.html"))
    # "</script>" or "<!--" inside a string would end the element early.
    text = json.dumps(document, separators=(",", ":")).replace("<", "\\u003c")
    return page.replace("<!-- licenses -->", html.escape(_licenses())).replace("<!-- results -->", text)


def read(name: str) -> str:
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def has_charts() -> bool:
    """Whether the chart library is installed, so that reports have charts."""
    return all(os.path.exists(os.path.join(DYGRAPHS, name)) for name in DYGRAPHS_FILES)


def _inlined(name: str) -> str:
    if name in DYGRAPHS_FILES and not has_charts():
        return ""
    text = read(os.path.join(DYGRAPHS, name) if name in DYGRAPHS_FILES else name)
    if name in DYGRAPHS_FILES:
        text = re.sub(r"\n?/[/*][#@] ?sourceMappingURL=.*", "", text)
    if name.endswith(".css"):
        return f"<style>\n{text}</style>"
    return "<script>\n" + text.replace("</script", "<\\/script") + "</script>"


def _licenses() -> str:
    text = "This page was made by loopscope: SPDX-License-Identifier: MIT, the loopscope authors.\n"
    if not has_charts() or not os.path.exists(DYGRAPHS_NOTICE):
        return text
    with open(DYGRAPHS_NOTICE, encoding="utf-8") as file:
        return text + "\nIts charts are drawn by dygraphs, which is in this page:\n\n" + file.read()
