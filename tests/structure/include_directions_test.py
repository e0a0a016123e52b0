# SPDX-License-Identifier: MIT

"""Includes run one way: a folder is a promise about what its files may know."""

import pathlib
import re
import unittest
from collections.abc import Iterable, Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What the files below a folder may include from the project; the longest matching folder counts.
MAY_INCLUDE = {
    "writers": {"writers"},
    "writers/system": {"writers/system"},
    "server/monitor": {"server/monitor", "writers/system"},
    # Whether a loop is stalled is decided without what explains it; neither knows the thread that watches.
    "server/monitor/detect": {
        "server/monitor/detect",
        "server/monitor/handler_times.hpp",
        "server/monitor/loop_watch.hpp",
        "server/monitor/stall_record.hpp",
        "writers/system",
    },
    "server/monitor/explain": {
        "server/monitor/detect",
        "server/monitor/explain",
        "server/monitor/activity.hpp",
        "server/monitor/operation.hpp",
        "server/monitor/options.hpp",
        "server/monitor/stall_record.hpp",
        "writers/system",
    },
    # A guest in programs of any kind: it knows nothing else.
    "server/watch/preload": {"server/watch/preload"},
    "server/support": {"server/support", "writers/system"},
    "server/http": {"server/http", "server/support", "writers/system/number.hpp"},
    "server/runs": {"server/runs", "server/monitor", "server/support", "writers"},
    "server/metrics": {"server/metrics", "server/http", "server/runs", "server/monitor", "writers"},
    # The JSON of stalls, for the admin plane and for `loopscope watch`.
    "server/records": {"server/records", "server/monitor", "server/support"},
    "server/watch": {"server/watch", "server/records", "server/monitor", "server/support", "writers/system"},
    "server/dashboard": {"server/dashboard", "server/http"},
    "server/admin": {
        "server/admin",
        "server/dashboard",
        "server/metrics",
        "server/http",
        "server/runs",
        "server/monitor",
        "server/records",
        "server/support",
        "writers",
    },
    "server/routes": {"server/routes", "server/http", "server/runs", "server/monitor", "server/support", "writers"},
    "server/notices": {"server/notices"},
    "server/config": {"server/config", "server/http", "server/notices", "server/runs", "server/support", "writers"},
    "server/app": {"server", "writers"},
    "server": {"server/app", "server/config", "server/support"},
    "load": {"load", "server/http", "server/monitor", "server/watch", "writers"},
    # A client that could share a fault with the server it measures would be no witness.
    "load/probe": {"load/probe", "server/support", "writers/system"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
# Libraries that a folder may not know, whatever it includes of ours.
FOREIGN = {
    "writers": re.compile(r"<boost/beast|<nlohmann|<spdlog|<prometheus|<boost/url"),
    "writers/system": re.compile(r"<boost"),
    "server/watch/preload": re.compile(r"<boost|<string>|<vector>|<memory>|<thread>|<mutex>|<new>"),
    "server/monitor": re.compile(r"<boost/beast|<nlohmann|<spdlog|<prometheus|<boost/url|<liburing"),
    "server/http": re.compile(r"<spdlog|<prometheus|<liburing"),
}


def folder_of(path: pathlib.PurePath, folders: Iterable[str]) -> str | None:
    text = path.as_posix()
    fitting = [folder for folder in folders if text == folder or text.startswith(folder + "/")]
    return max(fitting, key=len) if fitting else None


def included_path(source: pathlib.Path, name: str) -> pathlib.PurePath:
    beside = (source.parent / name).resolve()
    if beside.is_file():
        return beside.relative_to(ROOT)
    return pathlib.PurePath(name)


def violations(source: pathlib.Path, text: str) -> Iterator[str]:
    relative = source.relative_to(ROOT)
    folder = folder_of(relative, MAY_INCLUDE)
    if folder is None:
        return
    for name in INCLUDE.findall(text):
        target = included_path(source, name)
        if folder_of(target, MAY_INCLUDE[folder]) is None:
            yield f"{relative} includes {target}; {folder}/ may include only {sorted(MAY_INCLUDE[folder])}"
    foreign = FOREIGN.get(folder_of(relative, FOREIGN) or "")
    for match in foreign.findall(text) if foreign else ():
        yield f"{relative} includes {match}...>, which {folder}/ does not know"


class IncludeDirections(unittest.TestCase):
    def test_every_include_keeps_its_folders_promise(self) -> None:
        sources = [
            path
            for top in ("writers", "server", "load")
            for path in (ROOT / top).rglob("*.[ch]pp")
            if "node_modules" not in path.parts
        ]
        self.assertGreater(len(sources), 50)
        found = [line for path in sources for line in violations(path, path.read_text())]
        self.assertEqual(found, [])

    def test_a_forbidden_include_is_found(self) -> None:
        source = ROOT / "writers" / "back_end.cpp"
        self.assertEqual(len(list(violations(source, '#include "server/http/request.hpp"\n'))), 1)
        self.assertEqual(len(list(violations(source, "#include <boost/beast/http.hpp>\n"))), 1)
        self.assertEqual(len(list(violations(ROOT / "server/http/host.cpp", '#include "writers/method.hpp"\n'))), 1)
        self.assertEqual(list(violations(source, '#include "method.hpp"\n')), [])


if __name__ == "__main__":
    unittest.main()
