"""Makes report.html: the page of load/report with all of its files and the results as JSON in one file.

template.html names the files to insert by <!-- inline: NAME --> and the places of the results and of the licences by
<!-- results --> and <!-- licenses -->.
"""

import html
import json
import os
import re
import shutil

from loopscope_load import Json
from loopscope_load.build import ROOT, install_dashboard_modules

FOLDER = os.path.join(ROOT, "load", "report")
UPLOT = os.path.join(ROOT, "server", "dashboard", "node_modules", "uplot", "dist")
# What stands beside the chart library: a page that has the one in it has the other in it.
CHART_LICENSE = os.path.join(os.path.dirname(UPLOT), "LICENSE")
UPLOT_FILES = {"uplot.css": "uPlot.min.css", "uplot.js": "uPlot.iife.min.js"}


def render(document: Json) -> str:
    """The page of one comparison, as text."""
    page = re.sub(r"<!-- inline: ([\w.-]+) -->", lambda match: _inlined(match[1]), read("template.html"))
    # "</script>" or "<!--" inside a string would end the element early.
    text = json.dumps(document, separators=(",", ":")).replace("<", "\\u003c")
    return page.replace("<!-- licenses -->", html.escape(_licenses())).replace("<!-- results -->", text)


def read(name: str) -> str:
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def _inlined(name: str) -> str:
    if name in UPLOT_FILES and not _has_uplot():
        return ""
    text = read(os.path.join(UPLOT, UPLOT_FILES[name]) if name in UPLOT_FILES else name)
    if name.endswith(".css"):
        return f"<style>\n{text}</style>"
    return "<script>\n" + text.replace("</script", "<\\/script") + "</script>"


def _licenses() -> str:
    text = "This page was made by loopscope: SPDX-License-Identifier: MIT, the loopscope authors.\n"
    if not _has_uplot():
        return text
    with open(CHART_LICENSE, encoding="utf-8") as file:
        return text + "\nIts charts are drawn by uPlot, which is in this page:\n\n" + file.read()


def _has_uplot() -> bool:
    return all(os.path.exists(os.path.join(UPLOT, name)) for name in UPLOT_FILES.values())


def install_uplot() -> str | None:
    """Lets npm install the chart library if it is missing. Returns the reason if there will be no charts."""
    if _has_uplot():
        return None
    if shutil.which("npm") is None:
        return "the report has tables but no charts: they need uPlot, and npm (Debian package npm) to install it"
    install_dashboard_modules()
    return None if _has_uplot() else "the report has tables but no charts: npm could not install uPlot"
