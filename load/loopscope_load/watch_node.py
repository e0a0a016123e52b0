# SPDX-License-Identifier: MIT

"""The command of watch-node.sh: each method of the articles in a Node.js process of its own, watched from outside."""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import textwrap
from collections.abc import Sequence

from loopscope_load import Json, build, terminal, units
from loopscope_load.claims import CLAIMED_COUNT
from loopscope_load.servers import NodePeer, running
from loopscope_load.writes import Client

WIDTH = 80
COLUMNS = "{:<9} {:>8} {:>7} {:>8} {:>8}  {:<8} {}"
WARM_UP_HELLOS = 20


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="load/watch-node.sh",
        description="Runs the articles' methods in Node.js under `loopscope watch` and prints what blocked its loop.",
    )
    parser.add_argument("--server", metavar="FILE", help="this loopscope instead of building one")
    parser.add_argument("--count", type=terminal.positive_number, default=CLAIMED_COUNT, metavar="N", help="of records")
    return parser.parse_args()


def watched_write(binary: str, peer: NodePeer, method: str, count: int) -> tuple[float, Json]:
    """Milliseconds that the write took by Node's own clock, and the watcher's report."""
    with tempfile.TemporaryDirectory(prefix="loopscope-watch-node-") as folder:
        report = os.path.join(folder, "report.json")
        command = [binary, "watch", "--quiet", "--json", report, "--", *peer.command(folder)]
        with running(command) as server, Client(server.url) as client:
            for _ in range(WARM_UP_HELLOS):
                client.check_hello()
            took_ms = float(client.write(method, count, verify=False)["timing_ms"]["completed"])
        document: Json = json.loads(pathlib.Path(report).read_text(encoding="utf-8"))
        return took_ms, document


def place_of(culprit: Json | None) -> str:
    if culprit is None or not culprit["function"]:
        return ""
    place = str(culprit["function"])
    if culprit["file"]:
        place += f" ({os.path.basename(culprit['file'])}:{culprit['line']})"
    return place


def longest_of(stalls: Sequence[Json]) -> Json:
    return max(stalls, key=lambda stall: float(stall["duration_ms"]))


def row(method: str, took_ms: float, document: Json) -> str:
    stalls = document["stalls"]
    if not stalls:
        return COLUMNS.format(method, units.duration(took_ms), 0, "-", "-", "free", "").rstrip()
    longest = longest_of(stalls)
    blocked_ms = sum(stall["duration_ms"] for stall in stalls)
    return COLUMNS.format(
        method,
        units.duration(took_ms),
        len(stalls),
        units.duration(longest["duration_ms"]),
        units.duration(blocked_ms),
        longest["verdict"],
        place_of(longest["culprit"]),
    ).rstrip()


def sentences(method: str, document: Json) -> list[str]:
    """What the watcher says of the longest stall."""
    if not document["stalls"]:
        return []
    longest = longest_of(document["stalls"])
    return textwrap.wrap(f"{method}: {longest['sentence']}", WIDTH, subsequent_indent="  ")


def render(count: int, watched: Sequence[tuple[str, float, Json]]) -> list[str]:
    lines = [
        f"Node.js writes {units.count(count, 'record')} by each method; loopscope watch looks on.",
        "",
        COLUMNS.format("method", "time", "stalls", "longest", "blocked", "verdict", "what blocked longest"),
        "-" * WIDTH,
        *(row(*each) for each in watched),
        "-" * WIDTH,
    ]
    for method, _took_ms, document in watched:
        lines += sentences(method, document)
    return lines


def show(options: argparse.Namespace, progress: terminal.Progress) -> None:
    build.install(*(["peer"] if options.server else ["build", "demo", "peer"]))
    peer = NodePeer()
    binary = options.server or build.build(progress)[0]
    watched = []
    for method in peer.methods:
        with progress.step(f"{method} in Node.js, watched"):
            watched.append((method, *watched_write(binary, peer, method, options.count)))
    print("\n".join(render(options.count, watched)))


if __name__ == "__main__":
    chosen = parse()
    sys.exit(terminal.run_command("watch-node", lambda progress: show(chosen, progress)))
