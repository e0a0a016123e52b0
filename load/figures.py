#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""Makes the figures of the README files anew: runs each command and writes its output where the README shows it.

The places are between the comments <!-- figures: NAME --> and <!-- figures end -->. Below each stands the machine, the commit
and the day. Figures that cannot be measured here, such as those that need a container engine, stay as they are; the
program says which and why. Ports of the services are free ones; the text shows the default ones. The exit status is 1 when a
measurement failed.
"""

import argparse
import contextlib
import datetime
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence

from loopscope_load import Json, build, recommendations, results, terminal, units
from loopscope_load.claims import CLAIMS
from loopscope_load.servers import ServerProcess, running
from loopscope_load.terminal import Failure, Progress
from loopscope_load.verdict import medians
from loopscope_load.writes import Client

ROOT = build.ROOT
PLACE = re.compile(r"(?<=<!-- figures: )([\w-]+)( -->\n).*?(?=<!-- figures end -->)", re.DOTALL)
TESTS = "tests/integration/load"
STALL_COMMAND = "wrk -t2 -c64 -d8s --timeout 20s --latency -s load/stall.lua http://127.0.0.1:8080 | tail -n 13"
SENTENCE_COMMAND = r"""curl -s http://127.0.0.1:8081/stalls | grep -oP '"sentence": *"\K[^"]*' | sed -n 1p"""
RECOMMENDATIONS = os.path.join(ROOT, "load", "recommendations.json")


class NotHere(Exception):
    """This machine lacks what the figure needs."""


class Kitchen:
    """The programs that are measured, and the machine."""

    def __init__(self, options: argparse.Namespace, progress: Progress) -> None:
        self.options = options
        self.progress = progress
        self.server, self.probe = build.programs(options, progress)

    def caption(self, machine: Json, when: str) -> str:
        changed = "+" if machine["uncommitted_changes"] else ""
        cpu = re.sub(r" (Processor|CPU).*|\(R\)|\(TM\)", "", machine["cpu"] or "unknown CPU")
        kernel = ".".join(machine["kernel"].split(".")[:2])
        facts = [
            cpu,
            units.count(machine["cores"], "core"),
            f"Linux {kernel}",
            machine["file_system"] or "no file system",
        ]
        commit = machine["commit"][:7] + changed if machine["commit"] else "unknown"
        return f"<sub>{', '.join(facts)}, commit {commit}, {when[:10]}</sub>"

    def here(self) -> str:
        return self.caption(results.machine(tempfile.gettempdir()), results.now())

    @contextlib.contextmanager
    def service(self) -> Iterator[ServerProcess]:
        with tempfile.TemporaryDirectory(prefix="loopscope-figures-") as folder:
            planes = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
            with running([self.server, *planes, "--data-dir", folder]) as server:  # otherwise as in the quick start
                yield server

    @functools.cached_property
    def stall(self) -> tuple[str, str]:
        """What wrk prints of a stall that it makes, and the service's sentence about the same one."""
        with self.service() as server:
            made = with_ports_of(server, STALL_COMMAND)
            told = with_ports_of(server, SENTENCE_COMMAND)
            shown, why = (output_of(["bash", "-c", command]) for command in (made, told))
        return with_documented_ports(shown, server), why


def output_of(command: Sequence[str], timeout_s: float = 600) -> str:
    """What the command prints on stdout, with paths from the root of the project. Raises Failure when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout_s, cwd=ROOT)
    if done.returncode:
        raise Failure(f"'{' '.join(command)}' failed: {done.stderr.strip()[-500:]}")
    return done.stdout.rstrip("\n").replace(ROOT + "/", "") + "\n"


def console(command: str, output: str, tested_by: str | None = None) -> str:
    """A block of a README. Its test runs the command, unless another one does."""
    named = f"<!-- run by {tested_by} -->\n" if tested_by else ""
    return f"{named}```console\n$ {command}\n{output.rstrip()}\n```\n"


def with_ports_of(server: ServerProcess, command: str) -> str:
    command = command.replace("127.0.0.1:8080", str(server.ready["listen"]))
    return command.replace("127.0.0.1:8081", str(server.ready.get("admin")))


def with_documented_ports(text: str, server: ServerProcess) -> str:
    text = text.replace(str(server.ready["listen"]), "127.0.0.1:8080")
    return text.replace(str(server.ready.get("admin")), "127.0.0.1:8081")


def wrk(kitchen: Kitchen) -> str:
    return console(STALL_COMMAND, kitchen.stall[0]) + "\n" + kitchen.here()


def sentence(kitchen: Kitchen) -> str:
    return console(SENTENCE_COMMAND, kitchen.stall[1]) + "\n" + kitchen.here()


def write_report(kitchen: Kitchen) -> str:
    command = "curl -s -X POST 'http://127.0.0.1:8080/write?method=stream&verify=true'"
    with kitchen.service() as server:
        report = json.loads(output_of(["curl", "-s", "-X", "POST", server.url + "/write?method=stream&verify=true"]))
    report["file"] = "loopscope-data/stream.txt"
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in report.items()]
    return console(command, "{\n" + ",\n".join(lines) + "\n}") + "\n" + kitchen.here()


def probe(kitchen: Kitchen) -> str:
    trigger = "--trigger 'POST /write?method=sync' --trigger-at 2s"
    words = f"--rate 1000/s --duration 8s {trigger}"
    with kitchen.service() as server:
        command = f"{kitchen.probe} --url {server.url}/hello {words}"
        printed = with_documented_ports(output_of(["bash", "-c", command]), server)
    shown = f"build/bin/loopscope-probe --url http://127.0.0.1:8080/hello --rate 1000/s --duration 8s \\\n    {trigger}"
    return console(shown, printed) + "\n" + kitchen.here()


def by_script(script: str, *flags: str) -> Callable[[Kitchen], str]:
    def make(kitchen: Kitchen) -> str:
        programs = ["--server", kitchen.server]
        if script == "load/lying-tools.sh":
            programs += ["--probe", kitchen.probe]
        printed = output_of([os.path.join(ROOT, script), *programs, *flags])
        return console(" ".join([script, *flags]), printed, TESTS) + "\n" + kitchen.here()

    return make


def watch(kitchen: Kitchen) -> str:
    """Node.js under `loopscope watch`: some /hello and one write, then Ctrl-C."""
    if shutil.which("node") is None:
        raise NotHere("Node.js is not installed")
    folder = tempfile.mkdtemp(prefix="loopscope-figures-")
    peer = ["node", "load/peers/node/server.js", "--data-dir", folder, "--listen"]
    shown = "build/bin/loopscope watch --threshold 100ms -- " + " ".join(peer) + " 127.0.0.1:8090"
    process = subprocess.Popen(
        [kitchen.server, "watch", "--threshold", "100ms", "--", *peer, "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        assert process.stdout and process.stderr
        url = "http://" + json.loads(process.stdout.readline())["listen"]
        with Client(url) as client:
            for _ in range(1000):
                client.check_hello()
            client.write("sync", 300_000, verify=False)
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)  # as the terminal does
        _, said = process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        shutil.rmtree(folder)
    said = said.split("\nAdded to the command's environment", 1)[0]
    said = re.sub(r"\n *how long a turn took\n.*?\n(?=what blocked )", "\n", said, flags=re.DOTALL)
    said = re.sub(r"127\.0\.0\.1:0\b", "127.0.0.1:8090", said).replace(ROOT + "/", "")
    return console(shown, said).replace(folder, "/tmp") + "\n" + kitchen.here()


def benchmark(program: str, *flags: str, tested_by: str | None = None) -> Callable[[Kitchen], str]:
    """Without a test that runs it, the block is text: measuring takes too long for a test."""

    def make(kitchen: Kitchen) -> str:
        path = os.path.join(ROOT, program)
        if not os.access(path, os.X_OK):
            raise NotHere(f"{program} is not built")
        command, printed = " ".join([program, *flags]), output_of([path, *flags], 3600)
        block = (
            console(command, printed, tested_by) if tested_by else f"```text\n$ {command}\n{printed.rstrip()}\n```\n"
        )
        return block + "\n" + kitchen.here()

    return make


def balancer(kitchen: Kitchen) -> str:
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        raise NotHere("no container engine responds")
    printed = output_of([os.path.join(ROOT, "docker/balancer.sh")], 1800)
    return f"```text\n{printed}```\n\n{kitchen.here()}"


def comparison(kitchen: Kitchen) -> str:
    """The table of all methods, and the picture of the report."""
    path = kitchen.options.results
    folder = os.path.join(ROOT, "load", "results", "readme")
    if path is None:
        output_of(
            [
                os.path.join(ROOT, "load/compare.py"),
                "--server",
                kitchen.server,
                "--probe",
                kitchen.probe,
                "--out",
                folder,
            ],
            3600,
        )
        path = os.path.join(folder, "results.json")
    document = results.read(path)
    report = os.path.join(os.path.dirname(os.path.abspath(path)), "report.html")
    draw_report(kitchen, report)
    return (
        results_table(document, results.read_json(RECOMMENDATIONS)["scale"])
        + "\n"
        + kitchen.caption(document["machine"], document["started"])
    )


def draw_report(kitchen: Kitchen, report: str) -> None:
    if not os.path.exists(os.path.join(ROOT, "tests/browser/node_modules")) or shutil.which("chromium") is None:
        kitchen.progress.say(
            "Note: the picture of the report stays as it is; it needs npm ci in tests/browser and chromium."
        )
        return
    output_of(["node", os.path.join(ROOT, "tests/browser/pictures.js"), "report", report])


def results_table(document: Json, scale: Sequence[Json]) -> str:
    """`scale`: the points at rising counts, from which it follows what each method is for."""
    uses = recommendations.uses_in_short(scale)
    counts = [units.count(count) for count in sorted({point["count"] for point in scale})]
    lines = [
        "| method | time | /hello p50 | p99.9 | max | peak memory | in order | loop | use it for |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in document["entries"]:
        if entry["system"] != "loopscope" or entry["summary"] is None:
            continue
        figures = medians(entry["summary"])
        method = entry["method"]
        claim = CLAIMS.get(method)

        def beside(figure: str, name: str, claim: Json | None = claim) -> str:
            return f"{figure} <br>*{claim[name]['text']}*" if claim else figure

        order = {True: "yes", False: "**no**", None: units.NOT_MEASURED}[figures.in_order]
        loop = str(figures.verdict.loop or units.NOT_MEASURED)
        latencies = (figures.hello_p50_us, figures.hello_p99_9_us, figures.hello_max_us)
        p50, p99_9, longest = map(units.duration_of_us, latencies)
        cells = [
            f"`{method}`",
            beside(units.duration(figures.time_ms), "time"),
            p50,
            p99_9,
            beside(longest, "hello"),
            beside(units.megabytes(figures.peak_bytes), "memory"),
            beside(order, "order"),
            beside(f"**{loop}**" if loop == "BLOCKED" else loop, "loop"),
            uses.get(method, "not measured"),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    settings = document["settings"]
    repeats = f"medians of {settings['repeats']} repeats" if settings["repeats"] > 1 else "measured once"
    notes = (
        f"{units.count(settings['count'], 'record')}, {repeats}. `/hello`: {settings['rate_per_s']:,} a second on a "
        "fixed schedule, during the write, each counted from when it was due. Time: until the kernel has every record in the "
        "page cache. *In italics: what the articles claim for Node.js; their /hello is one response during the write.* "
        f"Use it for: by rule, from writes of {counts[0]} to {counts[-1]} records beside other requests."
    )
    return "\n".join(lines) + "\n\n" + notes + "\n"


PARTS: dict[str, Callable[[Kitchen], str]] = {
    "results": comparison,
    "wrk": wrk,
    "sentence": sentence,
    "watch": watch,
    "write-report": write_report,
    "lying-tools": by_script("load/lying-tools.sh"),
    "probe": probe,
    "watch-node": by_script("load/watch-node.sh"),
    "writers-bench": benchmark("build/bin/writers_bench"),
    "hello-peers": benchmark("load/bench/hello_peers.py", "--rounds", "10"),
    "write-peers": benchmark("load/bench/write_peers.py", "--rounds", "3", tested_by=TESTS),
    "side-by-side": benchmark("load/bench/side_by_side.py"),
    "side-by-side-on-one-core": benchmark("load/bench/side_by_side.py", "--one-core", "--rounds", "3"),
    "responsiveness": benchmark("load/bench/responsiveness.py", "--rounds", "10", "--seconds", "3"),
    "responsiveness-of-two": benchmark("load/bench/responsiveness.py", "--seconds", "2", "--together", "2"),
    "balancer": balancer,
}


def readmes() -> list[str]:
    """Every README of the repository, outside of build folders."""
    listed = output_of(["git", "-C", ROOT, "ls-files", "*README.md"]).splitlines()
    return [os.path.join(ROOT, name) for name in listed]


def places() -> dict[str, list[str]]:
    """The files that show each figure."""
    found: dict[str, list[str]] = {}
    for path in readmes():
        with open(path, encoding="utf-8") as file:
            for name, _ in PLACE.findall(file.read()):
                found.setdefault(name, []).append(path)
    return found


def insert(path: str, name: str, text: str) -> None:
    with open(path, encoding="utf-8") as file:
        whole = file.read()
    wanted = re.compile(PLACE.pattern.replace(r"([\w-]+)", f"({name})"), re.DOTALL)
    results.write_whole(path, wanted.sub(lambda match: f"{match[1]}{match[2]}{text.rstrip()}\n", whole))


def make(options: argparse.Namespace, progress: Progress) -> None:
    kitchen = Kitchen(options, progress)
    failed = []
    for name, paths in places().items():
        if options.names and name not in options.names:
            continue
        began = datetime.datetime.now()
        try:
            with progress.step(name):
                text = PARTS[name](kitchen)
        except NotHere as reason:
            progress.say(f"{name}: stays as it is, {reason}.")
        except Failure as failure:
            progress.say(f"{name}: {failure}")
            failed.append(name)
        else:
            for path in paths:
                insert(path, name, text)
            progress.say(f"{name}: {(datetime.datetime.now() - began).total_seconds():.0f} s")
    if failed:
        raise Failure(f"Not measured: {', '.join(failed)}.")


def parse() -> argparse.Namespace:
    title, _, notes = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(prog="load/figures.py", description=title, epilog=notes)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(PARTS)}")
    parser.add_argument(
        "--results", metavar="FILE", help="the table from this results.json instead of a new comparison"
    )
    parser.add_argument("--server", metavar="FILE", help="this loopscope instead of building one; needs --probe")
    parser.add_argument("--probe", metavar="FILE", help="this loopscope-probe instead of building one; needs --server")
    options = parser.parse_args()
    if bool(options.server) != bool(options.probe):
        parser.error("--server and --probe go together")
    unknown = set(options.names) - set(PARTS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(PARTS)}")
    return options


if __name__ == "__main__":
    chosen = parse()
    sys.exit(terminal.run_command("figures", lambda progress: make(chosen, progress)))
