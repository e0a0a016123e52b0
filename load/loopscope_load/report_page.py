"""Makes report.html: the page of load/report with all of its files and the results as JSON in one file.

template.html names the files to insert by <!-- inline: NAME --> and the place of the results by <!-- results -->.
"""

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
    return page.replace("<!-- results -->", text)


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
    notice = _notice() if name in DYGRAPHS_FILES else ""
    return notice + "<script>\n" + text.replace("</script", "<\\/script") + "</script>"


def _notice() -> str:
    """The licence of the chart library as a comment. Empty where it is not installed; the library names its own."""
    if not os.path.exists(DYGRAPHS_NOTICE):
        return ""
    with open(DYGRAPHS_NOTICE, encoding="utf-8") as file:
        return "<!-- dygraphs, which follows:\n" + file.read().replace("--", "- -") + "-->\n"
