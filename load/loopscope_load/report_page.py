"""Makes report.html: load/report's page with everything that it needs inside, and the results as one JSON.

The page knows nothing of Python: template.html names the files to put in by <!-- inline: NAME --> and the place of
the results by <!-- results -->. Whoever fills both in has the same report.
"""

import json
import os
import re
import shutil

from loopscope_load.build import ROOT, get_dashboard_modules

FOLDER = os.path.join(ROOT, "load", "report")
UPLOT = os.path.join(ROOT, "server", "dashboard", "node_modules", "uplot", "dist")
UPLOT_FILES = {"uplot.css": "uPlot.min.css", "uplot.js": "uPlot.iife.min.js"}


def render(document):
    """The page of one comparison, as text."""
    page = re.sub(r"<!-- inline: ([\w.-]+) -->", lambda match: inlined(match[1]), read("template.html"))
    # "</script>" or "<!--" inside a string would end the element early.
    text = json.dumps(document, separators=(",", ":")).replace("<", "\\u003c")
    return page.replace("<!-- results -->", text)


def inlined(name):
    path = os.path.join(UPLOT, UPLOT_FILES[name]) if name in UPLOT_FILES else name
    if name in UPLOT_FILES and not has_uplot():
        return ""
    text = read(path)
    if name.endswith(".css"):
        return f"<style>\n{text}</style>"
    return "<script>\n" + text.replace("</script", "<\\/script") + "</script>"


def read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def has_uplot():
    return all(os.path.exists(os.path.join(UPLOT, name)) for name in UPLOT_FILES.values())


def get_uplot():
    """Has npm install the chart library unless it is there; returns why there will be no charts, None when there will."""
    if has_uplot():
        return None
    if shutil.which("npm") is None:
        return "the report has tables but no charts: they need uPlot, and npm (Debian package npm) to install it"
    get_dashboard_modules()
    return None if has_uplot() else "the report has tables but no charts: npm could not install uPlot"
