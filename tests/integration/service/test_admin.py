# SPDX-License-Identifier: MIT

"""The admin plane of the real service while its data plane is blocked: it observes, reports and keeps responding."""

import contextlib
import http.client
import json
import re
import signal
import threading
import time
import unittest
from typing import Any

from loopscope import Loopscope
from polling import wait_until


def metric(text: str, name: str) -> float | None:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else None


class Methods(unittest.TestCase):
    FIXED = ("/", "/endpoints", "/livez", "/info")
    CHANGING = ("/readyz", "/readyz?verbose", "/stalls", "/loop", "/runs", "/events", "/metrics", "/stalls?id=1")

    def ask(self, service: Loopscope, method: str, path: str) -> tuple[int, dict[str, str]]:
        """Status and headers. The connection is closed without reading the body, which may be endless."""
        connection = http.client.HTTPConnection(*service.admin_address, timeout=60)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            headers = dict(answer.getheaders())
            if method == "HEAD":
                self.assertEqual(answer.read(), b"")
            return answer.status, headers
        finally:
            connection.close()

    def test_head_answers_as_get_without_the_body(self) -> None:
        # A stall between the two requests, as a busy machine makes, would change the status of /readyz.
        with Loopscope("--stall-threshold", "100s") as service:
            for path in self.FIXED + self.CHANGING:
                with self.subTest(path=path):
                    (got, headers), (head, its) = self.ask(service, "GET", path), self.ask(service, "HEAD", path)
                    self.assertEqual((got, list(headers)), (head, list(its)))
                    for changing in ("Date",) + (("Content-Length",) if path in self.CHANGING else ()):
                        headers.pop(changing, None)
                        its.pop(changing, None)
                    self.assertEqual(headers, its)

    def test_everything_is_read_only(self) -> None:
        with Loopscope() as service:
            for path in self.FIXED + self.CHANGING:
                for method in ("POST", "PUT", "DELETE"):
                    with self.subTest(path=path, method=method):
                        status, headers = self.ask(service, method, path)
                        self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD, OPTIONS"))


class Relay(unittest.TestCase):
    """With --relay, a client that reaches the admin plane alone can ask for what the page needs."""

    def write(self, service: Loopscope, query: str, **headers: str) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(*service.admin_address, timeout=120)
        try:
            connection.request("POST", f"/relay/write?{query}", headers=headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def test_a_write_that_blocks_the_loop_does_not_block_the_admin_plane(self) -> None:
        with Loopscope("--relay") as service:
            self.assertEqual(service.ask_admin("/relay/hello"), (200, "hello\n"))
            self.assertEqual(service.admin_json("/relay/methods")["methods"], service.methods())
            results = []
            writer = threading.Thread(
                target=lambda: results.append(self.write(service, "method=sync&count=1000000&verify=true"))
            )
            writer.start()
            observed = 0
            while writer.is_alive():
                self.assertEqual(service.ask_admin("/livez"), (200, "ok\n"))
                observed += service.admin_json("/loop")["loops"][0]["stalled_for_ms"] > 0
            writer.join()
            [(status, report)] = results
            self.assertEqual((status, report["content"]["in_order"]), (200, True))
            self.assertGreater(observed, 1)

    def test_refusals_are_the_data_planes(self) -> None:
        with Loopscope("--relay") as service:
            status, problem = self.write(service, "method=turbo")
            self.assertEqual((status, problem["parameter"]), (400, "method"))
            self.assertEqual(self.write(service, "method=sync", **{"Sec-Fetch-Site": "cross-site"})[0], 403)
            self.assertEqual(self.write(service, "method=sync", Host="rebound.example")[0], 421)
            self.assertEqual(service.ask_admin("/relay/write?method=sync")[0], 405)
            self.assertEqual(service.ask_admin("/relay/healthz")[0], 404)

    def test_it_is_off_unless_asked_for(self) -> None:
        with Loopscope() as service:
            self.assertEqual(service.ask_admin("/relay/hello")[0], 404)


class SyncWrite(unittest.TestCase):
    """Each case has a write that blocks the loop until end_write(), or until the end of the case."""

    def setUp(self) -> None:
        self.service = Loopscope().__enter__()
        self.statuses: list[int] = []
        self.writer = threading.Thread(target=self.write)
        self.writer.start()
        self.addCleanup(self.writer.join)
        self.addCleanup(self.service.__exit__)  # runs before the join, so that nothing waits for the write
        try:
            wait_until(self.is_named, "the write's stall with its request and its line")
        except AssertionError as missing:
            raise AssertionError(f"{missing}: {self.stalls()}") from missing

    def is_named(self) -> bool:
        """A busy machine stalls the loop as well, and a stall that began so may have another line first."""
        return any(stall["request"] and writing_frames(stall) for stall in self.stalls())

    def write(self) -> None:
        try:
            self.statuses.append(self.service.write(method="sync", count=100_000_000)[0])
        except (OSError, http.client.HTTPException):
            pass  # the case is over

    def end_write(self) -> None:
        self.service.fail_writes()
        self.writer.join()
        self.assertEqual(self.statuses, [507])

    def stalls(self) -> list[dict[str, Any]]:
        stalls: list[dict[str, Any]] = self.service.admin_json("/stalls")["stalls"]
        return stalls


def writing_frames(stall: dict[str, Any]) -> list[dict[str, Any]]:
    return [frame for frame in stall["stack"] if frame["file"] == "writers/methods/sync.cpp"]


class DuringTheStall(SyncWrite):
    def test_the_stall_in_progress_names_its_line_and_its_request(self) -> None:
        stall = self.stalls()[0]
        self.assertTrue(stall["in_progress"])
        self.assertEqual(stall["loop"], "io-0")
        frames = writing_frames(stall)
        self.assertTrue(frames, stall["stack"])
        self.assertIn("loopscope::writers::", frames[0]["function"])
        self.assertGreater(frames[0]["line"], 0)
        self.assertIn("method=sync", stall["request"]["query"])
        self.assertIn("method=offload or stream", stall["sentence"])

    def test_one_stall_can_be_selected(self) -> None:
        number = self.stalls()[0]["id"]
        found = json.loads(self.service.ask_admin(f"/stalls?id={number}")[1])["stalls"]
        self.assertEqual([stall["id"] for stall in found], [number])
        self.assertEqual(json.loads(self.service.ask_admin("/stalls?id=999999")[1])["stalls"], [])

    def test_events_keep_coming_with_the_progress_of_the_write(self) -> None:
        events = self.service.events()
        samples = [next(events)]
        written = [samples[0]["runs"][0]["progress"]["written_records"]]
        # On a busy machine the write may get no CPU time between two samples.
        while len(samples) < 4 or written[-1] == written[0]:
            samples.append(next(events))
            written.append(samples[-1]["runs"][0]["progress"]["written_records"])
        events.close()
        self.assertTrue(self.writer.is_alive(), "the write ended before the events arrived")
        stalled = [sample["loops"][0]["stalled_for_ms"] for sample in samples]
        self.assertEqual(stalled, sorted(stalled))
        self.assertGreater(stalled[-1], stalled[0])
        self.assertEqual(written, sorted(written))

    def test_readiness_fails_and_liveness_does_not(self) -> None:
        status, text = self.service.ask_admin("/readyz?verbose")
        self.assertEqual(status, 503)
        self.assertIn("[-]loop io-0", text)
        self.assertEqual(self.service.ask_admin("/livez"), (200, "ok\n"))
        self.end_write()
        wait_until(lambda: self.service.ask_admin("/readyz")[0] == 200, "readiness")

    def test_the_stalled_gauge_rises_while_it_lasts_and_falls_after(self) -> None:
        name = 'loopscope_loop_stalled_seconds{loop="io-0"}'
        first = metric(self.service.ask_admin("/metrics")[1], name)
        time.sleep(0.1)
        second = metric(self.service.ask_admin("/metrics")[1], name)
        assert first is not None and second is not None
        self.assertGreater(first, 0)
        self.assertGreater(second, first + 0.09)
        self.end_write()
        wait_until(lambda: metric(self.service.ask_admin("/metrics")[1], name) == 0, "the gauge at 0")

    def test_waiting_requests_are_counted_after_the_stall(self) -> None:
        [stall] = [each for each in self.stalls() if each["in_progress"]]
        with contextlib.ExitStack() as clients:
            waiting = [clients.enter_context(contextlib.closing(self.service.connect())) for _ in range(8)]
            for each in waiting:
                each.request("GET", "/hello")
            sent_ms = self.stalls()[0]["duration_ms"]
            # The kernel tells the age of unread data in ticks of up to 10 ms.
            wait_until(lambda: bool(self.stalls()[0]["duration_ms"] > sent_ms + 50), "the requests wait for some ticks")
            self.end_write()
            for each in waiting:
                self.assertEqual(each.getresponse().status, 200)

        def counted() -> int:
            """If the machine stalls the loop again before all are served, the new stall has the others."""
            ended = [each for each in self.stalls() if each["id"] >= stall["id"] and not each["in_progress"]]
            return sum(each["delayed_requests"]["count"] for each in ended)

        wait_until(lambda: counted() >= 8, "eight delayed requests")


class Otherwise(unittest.TestCase):
    def test_the_report_contains_the_stall_of_the_monitor(self) -> None:
        with Loopscope() as service:
            wait_until(lambda: bool(service.admin_json("/loop")["loops"][0]["running"]), "the loop is watched")
            status, report = service.write(method="sync", count=400_000)
            self.assertEqual(status, 200)
            self.assertGreaterEqual(report["loop"]["stalls"], 1)
            self.assertGreater(report["loop"]["longest_stall_ms"], 0.9 * report["timing_ms"]["completed"])

    def test_ended_writes_are_in_runs_and_in_the_metrics(self) -> None:
        with Loopscope() as service:
            service.write(method="stream", count=1000)
            service.ask("/hello")
            runs = json.loads(service.ask_admin("/runs")[1])
            self.assertEqual([run["outcome"] for run in runs["finished"]], ["completed"])
            text = service.ask_admin("/metrics")[1]
            counts = re.findall(
                r'^loopscope_writes_total\{method="stream",.*outcome="completed"\} (\S+)$', text, re.MULTILINE
            )
            self.assertEqual(sum(map(float, counts)), 1)
            self.assertEqual(metric(text, 'loopscope_http_requests_total{route="/hello",status="200"}'), 1)

    def test_the_longest_stall_is_null_when_there_was_no_stall(self) -> None:
        with Loopscope() as service:
            for _ in range(20):  # a busy machine may stall a loop by itself
                loop = service.write(method="stream", count=10)[1]["loop"]
                [shown] = json.loads(service.ask_admin("/loop")[1])["loops"]
                figures = (loop, shown["since_start"], shown["last_second"])
                for each in figures:
                    if each is not None:
                        self.assertEqual(each["longest_stall_ms"] is None, each["stalls"] == 0, each)
                if loop["stalls"] == 0:
                    return
            self.fail("every one of twenty short writes met a stall")

    def test_info_describes_the_configuration(self) -> None:
        with Loopscope("--max-writes", "3") as service:
            info = json.loads(service.ask_admin("/info")[1])
            self.assertEqual(info["config"]["max_writes"], 3)
            self.assertTrue(info["file_io"]["stream"]["reason"])
            self.assertEqual(info["listen"], service.ready["listen"])
            self.assertGreater(info["machine"]["cores"], 0)

    def test_readiness_drops_first_at_shutdown(self) -> None:
        with Loopscope() as service:
            with contextlib.closing(service.connect()) as client:  # when it leaves, its write is cancelled
                client.request("GET", "/write?method=offload&count=90000000")
                wait_until(service.parts, "the write has begun")
                service.process.send_signal(signal.SIGTERM)
                wait_until(lambda: "[-]shutdown" in service.ask_admin("/readyz?verbose")[1], "the signal is handled")
                self.assertEqual(service.ask_admin("/readyz")[0], 503)
            self.assertEqual(service.process.wait(timeout=60), 0)


if __name__ == "__main__":
    unittest.main()
