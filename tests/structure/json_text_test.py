# SPDX-License-Identifier: MIT

"""JSON leaves the process by one function, which shows text that is not UTF-8 instead of throwing."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
THE_ONE = ROOT / "server" / "support" / "json_text.hpp"
DUMP = re.compile(r"(\.|->)dump\s*\(")


def lines_that_dump(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if DUMP.search(line)]


class JsonText(unittest.TestCase):
    def test_the_server_dumps_json_in_one_place(self) -> None:
        sources = [path for path in (ROOT / "server").rglob("*.[ch]pp") if path != THE_ONE]
        self.assertGreater(len(sources), 50)
        self.assertEqual([(path.name, line) for path in sources for line in lines_that_dump(path.read_text())], [])

    def test_no_dump_anywhere_is_strict(self) -> None:
        for path in [THE_ONE, *(ROOT / "load").rglob("*.[ch]pp")]:
            for line in lines_that_dump(path.read_text()):
                self.assertIn("error_handler_t::replace", line, path)

    def test_another_one_is_found(self) -> None:
        self.assertEqual(lines_that_dump("a;\n  return json.dump(2);\n"), ["return json.dump(2);"])


if __name__ == "__main__":
    unittest.main()
