# SPDX-License-Identifier: MIT

"""The code blocks of the README files. A block is run by a test or is marked as output ("text")."""

import dataclasses
import pathlib
import re
import subprocess
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"(?:^<!-- run by (?P<runners>[^>\n]*) -->\n)?^```(?P<language>[^\n]*)\n(?P<text>.*?)^```$", re.M | re.S
)


@dataclasses.dataclass(frozen=True)
class Block:
    """`runners` are the paths of the tests that the comment above the block names."""

    path: str
    line: int
    language: str
    text: str
    runners: tuple[str, ...]

    def commands(self) -> list[tuple[str, str]]:
        """Each command of a sh or console block, with the output that a console block shows below it."""
        joined = self.text.replace("\\\n", " ")
        if self.language == "console":
            parts = re.split(r"^\$ ", joined, flags=re.M)[1:]
            return [(command, output) for command, _, output in (part.partition("\n") for part in parts)]
        lines = [re.sub(r"\s+# .*", "", line).strip() for line in joined.splitlines()]
        return [(line, "") for line in lines if line]


def paths() -> list[str]:
    """Every README of the repository and the contributor's guide."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "*README.md", ".github/CONTRIBUTING.md"],
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout.splitlines()


def blocks(path: str) -> Iterator[Block]:
    text = (ROOT / path).read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        runners = tuple(re.split(r"\s*(?:,|\band\b)\s*", found["runners"])) if found["runners"] else ()
        yield Block(path, text.count("\n", 0, found.start()) + 1, found["language"], found["text"], runners)


def all_blocks() -> list[Block]:
    return [block for path in paths() for block in blocks(path)]
