"""/write against the real service: contents, reports, problems, and what it does to /hello."""

import hashlib
import json
import threading
import time
import unittest

from loopscope import Loopscope, expected_text

METHODS = ("sync", "promise", "callback", "stream", "partition", "offload")
MILLION_BYTES = 7_888_890


class Writes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Loopscope().__enter__()
        cls.addClassCleanup(cls.service.__exit__)

    def test_every_method_writes_every_record(self):
        for method in METHODS:
            for io in ("auto", "threads"):
                if io == "threads" and method in ("sync", "partition"):
                    continue
                with self.subTest(method=method, io=io):
                    status, report = self.service.write(method=method, io=io, count=20_000, verify="true")
                    self.assertEqual(status, 200, report)
                    content = (self.service.data_dir / f"{method}.txt").read_bytes()
                    self.assertEqual(report["bytes"], len(content))
                    self.assertTrue(report["content"]["complete"])
                    if method == "callback" and report["io"] == "threads":
                        self.assertEqual(sorted(content.split()), sorted(expected_text(20_000).split()))
                    else:
                        self.assertEqual(content, expected_text(20_000))
                        self.assertTrue(report["content"]["in_order"])
                    self.assertEqual(self.service.parts(), [])

    def test_a_million_records_are_the_articles_bytes(self):
        status, report = self.service.write(method="stream")
        self.assertEqual(status, 200)
        self.assertEqual((report["count"], report["bytes"]), (1_000_000, MILLION_BYTES))
        content = (self.service.data_dir / "stream.txt").read_bytes()
        self.assertEqual(hashlib.sha256(content).digest(), hashlib.sha256(expected_text(1_000_000)).digest())

    def test_aliases_are_promise(self):
        for alias in ("async", "await"):
            status, report = self.service.write(method=alias, count=10)
            self.assertEqual((status, report["method"]), (200, "promise"))

    def test_callback_knows_when_a_misplaced_timer_would_stop(self):
        _, report = self.service.write(method="callback", io="threads", count=200_000)
        self.assertLess(report["timing_ms"]["queued"], report["timing_ms"]["completed"])
        self.assertGreater(report["memory"]["pending_peak_records"], 100_000)

    def test_disk_durability_is_timed_and_counted(self):
        _, report = self.service.write(method="stream", count=1000, durability="disk")
        self.assertGreaterEqual(report["timing_ms"]["durable"], report["timing_ms"]["completed"])
        self.assertGreaterEqual(report["syscalls"]["fsync"], 2)
        _, report = self.service.write(method="stream", count=1000)
        self.assertIsNone(report["timing_ms"]["durable"])

    def test_the_answer_is_not_stored(self):
        _, headers, _ = self.service.ask("/write?method=stream&count=10")
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertEqual(headers["Content-Type"], "application/json")

    def test_problems_name_the_parameter_and_write_nothing(self):
        for query, status, parameter in (
            ("", 400, "method"),
            ("method=turbo", 400, "method"),
            ("method=sync&count=0", 400, "count"),
            ("method=sync&count=-1", 400, "count"),
            ("method=sync&count=1e6", 400, "count"),
            ("method=sync&count=18446744073709551616", 422, "count"),
            ("method=sync&count=", 400, "count"),
            ("method=sync&count=1&count=1", 400, "count"),
            ("method=sync&colour=red", 400, "colour"),
            ("method=sync&io=uring", 400, "io"),
            ("method=callback&count=10000000", 422, "count"),
        ):
            with self.subTest(query=query):
                before = {path: path.stat().st_mtime_ns for path in self.service.data_dir.iterdir()}
                got, headers, body = self.service.ask("/write?" + query)
                problem = json.loads(body)
                self.assertEqual((got, problem["status"]), (status, status), problem)
                self.assertEqual(headers["Content-Type"], "application/problem+json")
                self.assertEqual(problem["parameter"], parameter)
                self.assertIn(parameter, problem["detail"])
                after = {path: path.stat().st_mtime_ns for path in self.service.data_dir.iterdir()}
                self.assertEqual(before, after)

    def test_other_sites_may_not_write(self):
        status, _, _ = self.service.ask("/write?method=stream&count=10", headers={"Sec-Fetch-Site": "cross-site"})
        self.assertEqual(status, 403)

    def test_neither_head_nor_options_writes(self):
        with Loopscope() as service:
            for method, expected in (("HEAD", 405), ("OPTIONS", 204)):
                status, headers, body = service.ask("/write?method=sync&count=10", method=method)
                self.assertEqual((status, headers["Allow"], body), (expected, "GET, POST, OPTIONS", b""))
            self.assertEqual(list(service.data_dir.iterdir()), [])
            described = json.loads(service.ask("/openapi.json")[2])["paths"]
            self.assertEqual(list(described["/write"]["head"]["responses"]), ["405"])
            for path in ("/hello", "/methods", "/healthz", "/openapi.json"):
                self.assertEqual(list(described[path]["head"]["responses"]), ["200"])

    def test_posts_write_and_other_verbs_do_not(self):
        status, _, _ = self.service.ask("/write?method=stream&count=10", method="POST")
        self.assertEqual(status, 200)
        status, headers, _ = self.service.ask("/write?method=stream&count=10", method="DELETE")
        self.assertEqual(status, 405)
        self.assertIn("POST", headers["Allow"])

    def test_methods_and_openapi_describe_the_service(self):
        _, _, body = self.service.ask("/methods")
        methods = {each["name"]: each for each in json.loads(body)["methods"]}
        self.assertEqual(set(methods), set(METHODS))
        self.assertEqual([name for name, each in methods.items() if each["blocks_loop"]], ["sync"])
        self.assertEqual(methods["promise"]["aliases"], ["async", "await"])
        self.assertEqual(json.loads(body)["io_auto"], {"io": "threads", "reason": "auto is threads, as in libuv"})
        _, _, body = self.service.ask("/openapi.json")
        document = json.loads(body)
        self.assertEqual(document["openapi"], "3.1.0")
        _, report = self.service.write(method="stream", count=10)
        self.assertEqual(set(report), set(document["components"]["schemas"]["WriteReport"]["properties"]))


class TheBackEnd(unittest.TestCase):
    def test_is_threads_for_auto_at_every_start(self):
        for _ in range(5):
            with Loopscope() as service:
                for method in ("promise", "callback", "stream"):
                    _, report = service.write(method=method, count=1000)
                    self.assertEqual((report["io"], report["io_reason"]), ("threads", "auto is threads, as in libuv"))

    def test_is_uring_where_the_flag_asks_for_it(self):
        with Loopscope("--file-io", "uring") as service:
            auto = json.loads(service.ask("/methods")[2])["io_auto"]
            _, report = service.write(method="stream", count=1000)
            self.assertEqual((report["io"], report["io_reason"]), (auto["io"], auto["reason"]))
            self.assertIn("asked for by --file-io", auto["reason"])


class TheLoop(unittest.TestCase):
    """Two-sided: sync holds /hello until it has ended, the others do not."""

    def hello_during(self, service, method, **parameters):
        """How long /hello took that was asked inside the write, and how long the write went on after that moment."""
        ended = []

        def write():
            service.write(method=method, **parameters)
            ended.append(time.monotonic())

        thread = threading.Thread(target=write)
        thread.start()
        time.sleep(0.05)  # inside the write: sync takes many times as long
        asked = time.monotonic()
        hello_ms = service.hello_ms()
        thread.join()
        return hello_ms, (ended[0] - asked) * 1e3

    def test_sync_holds_hello_as_long_as_it_has_left(self):
        with Loopscope() as service:
            hello_ms, left_ms = self.hello_during(service, "sync", count=1_000_000)
            self.assertGreater(left_ms, 100)
            self.assertGreater(hello_ms, left_ms / 2)

    def test_the_others_answer_hello_long_before_they_end(self):
        with Loopscope() as service:
            for method in ("promise", "partition", "offload"):
                with self.subTest(method=method):
                    hello_ms, left_ms = self.hello_during(service, method, count=1_000_000)
                    self.assertGreater(left_ms, 100)
                    self.assertLess(hello_ms, left_ms / 2)

    def test_a_blocked_loop_of_two_holds_only_its_own_connections(self):
        with Loopscope("--io-threads", "2") as service:
            connections = [service.connect() for _ in range(16)]
            for each in connections:  # the kernel spreads them over both loops
                each.request("GET", "/hello")
                each.getresponse().read()
            writer = threading.Thread(target=lambda: service.write(method="sync", count=1_500_000))
            writer.start()
            time.sleep(0.05)
            asked = time.monotonic()
            for each in connections:
                each.request("GET", "/hello")
            answered_ms = []
            threads = []
            for each in connections:
                def wait(connection=each):
                    connection.getresponse().read()
                    answered_ms.append((time.monotonic() - asked) * 1e3)
                threads.append(threading.Thread(target=wait))
                threads[-1].start()
            for thread in threads:
                thread.join()
            writer.join()
            wrote_ms = (time.monotonic() - asked) * 1e3
            self.assertTrue(any(ms < wrote_ms / 2 for ms in answered_ms), answered_ms)
            for each in connections:
                each.close()


class Limits(unittest.TestCase):
    def test_one_write_too_many_is_429(self):
        with Loopscope("--max-writes", "1") as service:
            writer = threading.Thread(target=lambda: service.write(method="offload", count=1_000_000))
            writer.start()
            deadline = time.monotonic() + 20
            while not service.parts() and time.monotonic() < deadline:
                time.sleep(0.005)
            status, headers, _ = service.ask("/write?method=stream&count=10")
            writer.join()
            self.assertEqual(status, 429)
            self.assertIn("Retry-After", headers)


if __name__ == "__main__":
    unittest.main()
