# SPDX-License-Identifier: MIT

"""loopscope-probe against the stand-in, whose stalls have a known length. LOOPSCOPE_PROBE names the binary.

A uniform schedule of length D with one stall of S has quantile q at S - (1 - q) D, where that is positive, wherever the
stall is, also at the very end. LOOPSCOPE_PROBE_FULL=1 adds the long runs: S of 0.5, 1 and 3 s in D of 8 s.
"""

import csv
import itertools
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time
import unittest
from collections.abc import Callable

import support
from loopscope_load import Json

PROBE = os.environ["LOOPSCOPE_PROBE"]
FULL = os.environ.get("LOOPSCOPE_PROBE_FULL") == "1"
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999, "max": 1.0}
SHARE_OF_D = 0.02
# Low, so that the stand-in is soon through with what has gathered in the stall.
RATE_PER_S = 100


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


# The response to a request: its number on the connection, head and body. None closes the connection.
Answer = Callable[[int, str, bytes], bytes | None]


class FakeServer:
    """Responds to each request with what `answer` returns."""

    def __init__(self, answer: Answer, unix_path: str | None = None) -> None:
        self._answer = answer
        self.url = ""
        if unix_path:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(unix_path)
            self._listener.listen(100)
        else:
            self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
            self.url = "http://127.0.0.1:{}".format(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            try:
                for number in itertools.count(1):
                    head = ""
                    while (line := lines.readline().decode()) != "\r\n":
                        if not line:
                            return
                        head += line
                    length = next(
                        (int(line.split(":")[1]) for line in head.splitlines() if line.startswith("Content-Length:")), 0
                    )
                    answer = self._answer(number, head, lines.read(length))
                    if answer is None:
                        return
                    connection.sendall(answer)
            except OSError:
                pass


class Probe(support.StandIn):
    def start_probe(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [PROBE, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
        )
        self.addCleanup(support.end, process)
        return process

    def probe(self, *arguments: str) -> tuple[int, str, str]:
        """Returns the exit status, stdout and stderr."""
        process = self.start_probe(*arguments)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    def measure(self, *arguments: str) -> Json:
        code, output, errors = self.probe("--json", "-", *arguments)
        self.assertEqual(code, 0, errors)
        run: Json = json.loads(output)
        return run

    def fake(self, answer: Answer, unix_path: str | None = None) -> FakeServer:
        server = FakeServer(answer, unix_path)
        self.addCleanup(server.close)
        return server

    def rows(self) -> list[dict[str, str]]:
        with open(os.path.join(self.folder, "rows.csv"), encoding="ascii", newline="") as file:
            return list(csv.DictReader(file))


class Oracle(Probe):
    def stall(self, stall_s: float, duration_s: float, *arguments: str, at_s: float | None = None) -> Json:
        at_the_end = at_s is None
        url = self.serve(stall_s + 1 if at_the_end else stall_s)
        return self.measure(
            "--url",
            url + "/hello",
            "--rate",
            f"{RATE_PER_S}/s",
            "--duration",
            f"{duration_s}s",
            "--quiet",
            "--trigger",
            "POST /write?method=sync",
            "--trigger-at",
            f"{duration_s - stall_s if at_the_end else at_s}s",
            *arguments,
        )

    def assert_oracle(self, figures: Json, stall_s: float, duration_s: float) -> None:
        said = []
        for name, quantile in QUANTILES.items():
            expected_s = stall_s - (1 - quantile) * duration_s
            if expected_s <= 0:
                continue
            measured_s = figures[name] / 1e6
            said.append(f"{name} {measured_s:.3f} s (expected {expected_s:.3f})")
            self.assertAlmostEqual(measured_s, expected_s, delta=SHARE_OF_D * duration_s, msg=name)
        print(f"S {stall_s} s in D {duration_s} s: " + ", ".join(said), flush=True)

    def test_a_stall_inside_the_run(self) -> None:
        for stall_s, duration_s in ((0.5, 2), *(((0.5, 8), (1, 8), (3, 8)) if FULL else ())):
            with self.subTest(stall_s=stall_s, duration_s=duration_s):
                run = self.stall(stall_s, duration_s, at_s=duration_s / 4)
                self.assert_oracle(run["latency_us"], stall_s, duration_s)
                self.assertEqual(run["requests"]["failed"]["total"], 0)
                self.assertAlmostEqual(
                    run["trigger"]["ended_ms"] - run["trigger"]["started_ms"],
                    stall_s * 1e3,
                    delta=SHARE_OF_D * duration_s * 1e3,
                )

    def test_a_stall_at_the_very_end(self) -> None:
        for stall_s, duration_s in ((0.5, 2), *(((3, 8),) if FULL else ())):
            with self.subTest(stall_s=stall_s, duration_s=duration_s):
                run = self.stall(stall_s, duration_s)
                self.assert_oracle(run["latency_us"], stall_s, duration_s)
                self.assertAlmostEqual(
                    run["requests"]["waiting_at_end"], RATE_PER_S * stall_s, delta=RATE_PER_S * SHARE_OF_D * duration_s
                )
                self.assertIsNone(run["trigger"]["ended_ms"])
                self.assertEqual(run["trigger"]["error"], "no response until the end")

    def test_a_queue_for_few_connections_hides_nothing(self) -> None:
        run = self.stall(0.5, 2, "--connections", "2", "--max-connections", "4", at_s=0.5)
        self.assert_oracle(run["latency_us"], 0.5, 2)
        self.assertEqual(run["connections"]["peak"], 4)
        self.assertEqual(run["requests"]["scheduled"], 2 * RATE_PER_S)
        # A closed-loop tool would have shown this: at most the few in flight have waited.
        self.assertLess(run["service_time_us"]["p90"], 0.1 * run["latency_us"]["p90"])


class Reports(Probe):
    def test_rows_and_figures_agree(self) -> None:
        url = self.serve(0.3)
        run = self.measure(
            "--url",
            url + "/hello",
            "--rate",
            "200",
            "--duration",
            "1s",
            "--drain",
            "5s",
            "--quiet",
            "--trigger",
            "POST /write?method=sync",
            "--trigger-at",
            "500ms",
            "--csv",
            "rows.csv",
            "--hgrm",
            "latency.hgrm",
        )
        rows = self.rows()
        self.assertEqual(len(rows), 200)
        self.assertEqual([int(row["scheduled_us"]) for row in rows], list(range(0, 1_000_000, 5000)))
        self.assertEqual({row["status"] for row in rows}, {"200"})
        for row in rows:
            self.assertLessEqual(int(row["scheduled_us"]), int(row["sent_us"]))
            self.assertLessEqual(int(row["sent_us"]), int(row["done_us"]))
        latencies = sorted(int(row["done_us"]) - int(row["scheduled_us"]) for row in rows)
        for name, rank in (("p50", 100), ("p90", 180), ("p99", 198), ("max", 200)):
            self.assertAlmostEqual(run["latency_us"][name], latencies[rank - 1], delta=1)
        self.assertEqual(run["status"], {"200": 200})
        self.assertEqual(run["requests"]["waiting_at_end"], 0)
        self.assertEqual(run["trigger"]["status"], 200)
        self.assertEqual(run["trigger"]["body"]["method"], "sync")
        with open(os.path.join(self.folder, "latency.hgrm"), encoding="ascii") as file:
            last = [line.split() for line in file if not line.startswith("#")][-1]
        self.assertEqual(last[1:], ["1.000000000000", "200", "inf"])
        self.assertAlmostEqual(float(last[0]) * 1000, latencies[-1], delta=1)

    def test_the_table_is_on_stdout_and_progress_on_stderr(self) -> None:
        code, output, errors = self.probe("--url", self.serve(0) + "/hello", "--duration", "1.5s")
        self.assertEqual(code, 0, errors)
        self.assertRegex(output, r"(?m)^latency( +[\d.]+ u?m?s){6}$")
        self.assertRegex(output, r"(?m)^requests +300 scheduled")
        self.assertLessEqual(max(map(len, output.splitlines())), 80)
        self.assertRegex(errors, r"(?m)^1\.\d of 1\.5 s +\d+ due")
        self.assertNotIn("\r", errors)


class Refusals(Probe):
    """A server that refuses at once whatever comes while it is busy, as a limit on writes does."""

    def setUp(self) -> None:
        super().setUp()
        busy = threading.Lock()

        def answer(*_: object) -> bytes:
            if not busy.acquire(blocking=False):
                return b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
            try:
                time.sleep(0.3)
            finally:
                busy.release()
            return OK

        self.url = self.fake(answer).url
        self.arguments = ("--url", self.url, "--rate", "50", "--duration", "2s", "--drain", "10s", "--quiet")

    def test_are_no_fast_answers(self) -> None:
        run = self.measure(*self.arguments, "--max-error-rate", "1", "--csv", "rows.csv", "--hgrm", "run.hgrm")
        requests = run["requests"]
        self.assertEqual(run["status"], {"200": requests["expected"], "429": requests["unexpected"]})
        self.assertEqual(requests["expected"] + requests["unexpected"], 100)
        self.assertGreater(requests["unexpected"], requests["expected"])
        self.assertGreaterEqual(run["latency_us"]["p50"], 300_000)
        self.assertLess(run["unexpected_latency_us"]["p50"], run["latency_us"]["p50"])
        self.assertEqual(run["errors"]["count"], requests["unexpected"])
        rows = self.rows()
        self.assertEqual({(row["status"], row["expected"]) for row in rows}, {("200", "true"), ("429", "false")})
        with open(os.path.join(self.folder, "run.hgrm"), encoding="ascii") as file:
            counts = [line.split()[-1] for line in file if "Total count" in line]
        self.assertEqual(counts, [f"{requests['expected']}]", f"{requests['unexpected']}]"])

    def test_make_no_fine_run(self) -> None:
        code, output, errors = self.probe(*self.arguments)
        self.assertEqual(code, 4)
        self.assertRegex(output, r"(?m)^unexpected( +[\d.]+ u?m?s){6}$")
        self.assertIn("*** MOST REQUESTS DID NOT GET WHAT THEY ASKED FOR", output)
        self.assertIn("another status than 2xx", errors)
        self.assertLessEqual(max(map(len, output.splitlines())), 80)

    def test_may_be_what_was_asked_for(self) -> None:
        code, output, errors = self.probe(*self.arguments, "--expect", "2xx,429")
        self.assertEqual(code, 0, errors)
        self.assertNotIn("unexpected", output)


class Connections(Probe):
    """A server that takes one request on each connection and closes it at the moment of the next."""

    def setUp(self) -> None:
        super().setUp()
        self.url = self.fake(lambda number, *_: OK if number == 1 else None).url
        self.arguments = (
            "--url",
            self.url,
            "--rate",
            "50",
            "--duration",
            "1s",
            "--drain",
            "10s",
            "--connections",
            "1",
            "--quiet",
        )

    def test_that_die_idle_have_their_request_repeated(self) -> None:
        run = self.measure(*self.arguments, "--csv", "rows.csv")
        requests = run["requests"]
        self.assertEqual(run["status"], {"200": 50})
        self.assertGreater(requests["repeated"], 0)
        self.assertEqual(run["addresses"][0]["requests"], 50 + requests["repeated"])
        rows = self.rows()
        self.assertEqual(sum(row["repeated"] == "true" for row in rows), requests["repeated"])
        self.assertEqual([int(row["scheduled_us"]) for row in rows], list(range(0, 1_000_000, 20_000)))

    def test_do_not_have_a_post_repeated(self) -> None:
        code, output, _ = self.probe(*self.arguments, "--json", "-", "--method", "POST")
        self.assertEqual(code, 4)
        requests = json.loads(output)["requests"]
        self.assertEqual(requests["repeated"], 0)
        self.assertEqual(
            requests["failed"], {"total": 50 - requests["expected"], "by_cause": {"closed": 50 - requests["expected"]}}
        )


class Requests(Probe):
    ARGUMENTS = ("--rate", "100", "--duration", "1s", "--drain", "10s", "--quiet")

    def test_are_sent_as_told_to_a_unix_socket(self) -> None:
        heads: set[str] = set()
        bodies: set[bytes] = set()

        def answer(_: int, head: str, body: bytes) -> bytes:
            heads.add(head)
            bodies.add(body)
            return OK

        path = os.path.join(self.folder, "socket")
        self.fake(answer, unix_path=path)
        with open(os.path.join(self.folder, "body"), "wb") as file:
            file.write(b"a\0b")
        run = self.measure(
            "--url",
            "http://no-such-name.invalid/x?y=1",
            "--unix-socket",
            path,
            "--method",
            "PUT",
            "-H",
            "X-A: 1",
            "-H",
            "Host: other",
            "--body",
            "@body",
            *self.ARGUMENTS,
        )
        self.assertEqual(run["status"], {"200": 100})
        self.assertEqual(
            run["addresses"],
            [{"address": "unix:" + path, "measured": True, "connections": 10, "unreached": 0, "requests": 100}],
        )
        self.assertEqual(
            heads,
            {"PUT /x?y=1 HTTP/1.1\r\nUser-Agent: loopscope-probe\r\nX-A: 1\r\nHost: other\r\n" "Content-Length: 3\r\n"},
        )
        self.assertEqual(bodies, {b"a\0b"})

    def test_to_head_have_no_body_in_the_answer(self) -> None:
        url = self.fake(lambda *_: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").url
        self.assertEqual(self.measure("--url", url, "--method", "HEAD", *self.ARGUMENTS)["status"], {"200": 100})

    def test_may_have_large_headers_in_the_answer_as_curl_takes_them(self) -> None:
        def answer(_: int, head: str, __: bytes) -> bytes:
            size = int(head.split()[1][1:])
            fields = b"".join(b"X-%d: %s\r\n" % (at, b"a" * 990) for at in range(size // 1000))
            return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%s\r\nok" % fields

        url = self.fake(answer).url
        self.assertEqual(self.measure("--url", url + "/9000", *self.ARGUMENTS)["status"], {"200": 100})
        run = self.measure("--url", url + "/320000", "--max-error-rate", "1", *self.ARGUMENTS)
        self.assertEqual(run["requests"]["failed"]["by_cause"], {"header_too_large": 100})

    @unittest.skipUnless(os.path.exists("/etc/hosts"), "this system has no /etc/hosts")
    def test_name_the_addresses_that_the_host_has(self) -> None:
        url = self.fake(lambda *_: OK).url
        port = int(url.rsplit(":", 1)[1])
        run = self.measure("--url", f"http://localhost:{port}/", *self.ARGUMENTS)
        known = {
            ("[{}]:{}" if ":" in address[0] else "{}:{}").format(address[0], port)
            for *_, address in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)
        }
        self.assertEqual({address["address"] for address in run["addresses"]}, known)
        self.assertEqual(
            [address["address"] for address in run["addresses"] if address["measured"]], [f"127.0.0.1:{port}"]
        )
        spread = self.measure(
            "--url", f"http://localhost:{port}/", "--spread", "--max-error-rate", "1", *self.ARGUMENTS
        )
        self.assertTrue(all(address["measured"] for address in spread["addresses"]))


class Stopped(Probe):
    def test_does_not_make_up_for_the_time_in_which_it_stood_still(self) -> None:
        url = self.fake(lambda *_: OK).url
        process = self.start_probe(
            "--url", url, "--rate", "200", "--duration", "60s", "--json", "-", "--csv", "rows.csv"
        )
        support.read_line(process)  # progress: under way for a second
        process.send_signal(signal.SIGSTOP)
        time.sleep(2.5)
        process.send_signal(signal.SIGCONT)
        support.read_line(process)
        support.read_line(process)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        run = json.loads(output)
        skipped = run["requests"]["skipped"]
        self.assertGreater(skipped, 200)
        self.assertGreaterEqual(run["thread"]["stood_still_ms"], 1000)
        self.assertGreaterEqual(run["lateness_us"]["max"], 1e6)
        self.assertIs(run["probe_was_bottleneck"], True)
        self.assertIn("were not sent", errors)
        self.assertEqual(sum(row["status"] == "skipped" and not row["sent_us"] for row in self.rows()), skipped)


class Ends(Probe):
    def test_3_when_the_target_is_never_reachable(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        code, output, errors = self.probe("--url", f"http://127.0.0.1:{port}/", "--json", "-")
        self.assertEqual(code, 3)
        self.assertIn("cannot reach", errors)
        run = json.loads(output)
        self.assertIs(run["reached"], False)
        self.assertIsNone(run["latency_us"]["max"])

    def test_4_above_the_error_rate(self) -> None:
        url = self.serve(0) + "/nothing-here"
        arguments = ("--url", url, "--rate", "50", "--duration", "1s", "--quiet")
        self.assertEqual(self.probe(*arguments)[0], 4)
        self.assertEqual(self.probe(*arguments, "--max-error-rate", "1")[0], 0)

    def test_2_for_bad_usage_and_1_for_a_file_that_cannot_be_written(self) -> None:
        self.assertEqual(self.probe("--url", "ftp://127.0.0.1/")[0], 2)
        code, _, errors = self.probe("--url", "http://127.0.0.1:1/", "--csv", "no/such/folder.csv")
        self.assertEqual(code, 1)
        self.assertIn("cannot write no/such/folder.csv: No such file", errors)

    def test_1_when_a_report_does_not_fit_and_the_others_are_written(self) -> None:
        url = self.fake(lambda *_: OK).url
        code, output, errors = self.probe(
            "--url", url, "--rate", "50", "--duration", "200ms", "--quiet", "--json", "/dev/full", "--csv", "rows.csv"
        )
        self.assertEqual(code, 1)
        self.assertIn("cannot write /dev/full: No space left on device", errors)
        self.assertEqual(len(self.rows()), 10)
        self.assertIn("latency", output)

    def test_an_earlier_report_stays_when_the_new_one_does_not_fit(self) -> None:
        url = self.fake(lambda *_: OK).url
        with open(os.path.join(self.folder, "rows.csv"), "w", encoding="ascii") as file:
            file.write("earlier")
        before = sorted(os.listdir(self.folder))

        def few_bytes() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

        process = subprocess.run(
            [PROBE, "--url", url, "--rate", "500", "--duration", "200ms", "--quiet", "--csv", "rows.csv"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            preexec_fn=few_bytes,
            restore_signals=False,
        )
        self.assertEqual(process.returncode, 1, process.stderr)
        self.assertIn("cannot write rows.csv: File too large", process.stderr)
        with open(os.path.join(self.folder, "rows.csv"), encoding="ascii") as file:
            self.assertEqual(file.read(), "earlier")
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_130_after_ctrl_c_with_what_was_measured(self) -> None:
        process = self.start_probe("--url", self.serve(0) + "/hello", "--duration", "60s", "--json", "-")
        support.read_line(process)  # progress: under way for a second
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.monotonic() - began, 20)
        run = json.loads(output)
        self.assertIs(run["interrupted"], True)
        requests = run["requests"]
        self.assertGreater(requests["completed"], 0)
        self.assertLess(requests["scheduled"], 12_000)
        self.assertEqual(
            requests["scheduled"], requests["completed"] + requests["failed"]["total"] + requests["waiting_at_end"]
        )
        self.assertIn("INTERRUPTED", errors)

    def test_130_at_once_after_a_second_ctrl_c_while_it_waits_for_responses(self) -> None:
        url = self.fake(lambda *_: time.sleep(60)).url
        process = self.start_probe("--url", url, "--duration", "60s", "--drain", "60s", "--json", "-")
        support.read_line(process)
        process.send_signal(signal.SIGINT)
        for _ in range(3):  # it still waits
            support.read_line(process)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.monotonic() - began, 20)
        requests = json.loads(output)["requests"]
        self.assertEqual(requests["completed"], 0)
        self.assertGreater(requests["waiting_at_end"], 0)


if __name__ == "__main__":
    unittest.main()
