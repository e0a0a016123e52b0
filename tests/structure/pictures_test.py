# SPDX-License-Identifier: MIT

"""The README's pictures show the page and the report as they are: no source has changed since they were made."""

import hashlib
import pathlib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURES = ROOT / ".github/pictures"
MAX_BYTES = 1_500_000
SOURCES = {
    "page": ("server/dashboard/page", "node tests/browser/pictures.js page"),
    "report": ("load/report", "load/figures.py results"),
}


def sums_of(folder: str) -> dict[str, str]:
    files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def recorded(name: str) -> dict[str, str]:
    lines = (PICTURES / f"{name}.sha256").read_text(encoding="ascii").splitlines()
    return {path: checksum for checksum, path in (line.split("  ", 1) for line in lines)}


class Pictures(unittest.TestCase):
    def test_were_made_from_the_present_sources(self) -> None:
        for name, (folder, command) in SOURCES.items():
            with self.subTest(picture=name):
                before, now = recorded(name), sums_of(folder)
                changed = sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
                self.assertEqual(changed, [], f"changed since the picture was made; make it anew: {command}")

    def test_are_in_the_readme_and_small(self) -> None:
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        for name in SOURCES:
            with self.subTest(picture=name):
                self.assertIn(f"(.github/pictures/{name}.webp)", readme)
                self.assertLess((PICTURES / f"{name}.webp").stat().st_size, MAX_BYTES)


if __name__ == "__main__":
    unittest.main()
