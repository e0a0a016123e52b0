# SPDX-License-Identifier: MIT

"""/write on the real service: file contents, reports and problems."""

import contextlib
import hashlib
import json
import unittest

from loopscope import METHODS, WITH_BACK_END, Loopscope, expected_text, has_memory_for_rings
from polling import wait_until

MILLION_BYTES = 7_888_890


class Writes(unittest.TestCase):
    service: Loopscope

    @classmethod
    def setUpClass(cls) -> None:
        cls.service = cls.enterClassContext(Loopscope())

    def test_every_method_writes_every_record(self) -> None:
        for method in METHODS:
            for io in ("auto", "threads") if method in (*WITH_BACK_END, "offload") else ("auto",):
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

    def test_a_million_records_are_the_articles_bytes(self) -> None:
        status, report = self.service.write(method="stream")
        self.assertEqual(status, 200)
        self.assertEqual((report["count"], report["bytes"]), (1_000_000, MILLION_BYTES))
        content = (self.service.data_dir / "stream.txt").read_bytes()
        self.assertEqual(hashlib.sha256(content).digest(), hashlib.sha256(expected_text(1_000_000)).digest())

    def test_aliases_are_promise(self) -> None:
        for alias in ("async", "await"):
            status, report = self.service.write(method=alias, count=10)
            self.assertEqual((status, report["method"]), (200, "promise"))

    def test_callback_reports_when_everything_was_queued(self) -> None:
        _, report = self.service.write(method="callback", io="threads", count=200_000)
        self.assertLess(report["timing_ms"]["queued"], report["timing_ms"]["completed"])
        # Backpressure would keep it at some thousands. On a busy machine the pool writes while the loop waits for a CPU.
        self.assertGreater(report["memory"]["pending_peak_records"], 20_000)

    def test_a_record_is_copied_once_by_the_kernel(self) -> None:
        for method in json.loads(self.service.ask("/methods")[2])["methods"]:
            _, report = self.service.write(method=method["name"], count=100)
            self.assertEqual(report["copies_per_record"], 1, method["name"])

    def test_disk_durability_is_timed_and_counted(self) -> None:
        _, report = self.service.write(method="stream", count=1000, durability="disk")
        self.assertGreaterEqual(report["timing_ms"]["durable"], report["timing_ms"]["completed"])
        self.assertGreaterEqual(report["syscalls"]["fsync"], 2)
        _, report = self.service.write(method="stream", count=1000)
        self.assertIsNone(report["timing_ms"]["durable"])
        self.assertEqual(report["syscalls"]["fsync"], 0)

    def test_the_response_is_not_cached(self) -> None:
        _, headers, _ = self.service.ask("/write?method=stream&count=10")
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertEqual(headers["Content-Type"], "application/json")

    def test_problems_name_the_parameter_and_write_nothing(self) -> None:
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

    def test_other_sites_may_not_write(self) -> None:
        status, _, _ = self.service.ask("/write?method=stream&count=10", headers={"Sec-Fetch-Site": "cross-site"})
        self.assertEqual(status, 403)

    def test_neither_head_nor_options_writes(self) -> None:
        with Loopscope() as service:
            for method, expected in (("HEAD", 405), ("OPTIONS", 204)):
                status, headers, body = service.ask("/write?method=sync&count=10", method=method)
                self.assertEqual((status, headers["Allow"], body), (expected, "GET, POST, OPTIONS", b""))
            self.assertEqual(list(service.data_dir.iterdir()), [])
            described = json.loads(service.ask("/openapi.json")[2])["paths"]
            self.assertEqual(list(described["/write"]["head"]["responses"]), ["405"])
            for path in ("/hello", "/methods", "/healthz", "/openapi.json"):
                self.assertEqual(list(described[path]["head"]["responses"]), ["200"])

    def test_posts_write_and_other_verbs_do_not(self) -> None:
        status, _, _ = self.service.ask("/write?method=stream&count=10", method="POST")
        self.assertEqual(status, 200)
        status, headers, _ = self.service.ask("/write?method=stream&count=10", method="DELETE")
        self.assertEqual(status, 405)
        self.assertIn("POST", headers["Allow"])

    def test_methods_and_openapi_describe_the_service(self) -> None:
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


class BackEnd(unittest.TestCase):
    def test_auto_is_threads_at_every_start(self) -> None:
        for _ in range(3):
            with Loopscope() as service:
                for method in ("promise", "callback", "stream"):
                    _, report = service.write(method=method, count=1000)
                    self.assertEqual((report["io"], report["io_reason"]), ("threads", "auto is threads, as in libuv"))

    @unittest.skipUnless(has_memory_for_rings(), "SKIPPED, NOT TESTED: the memory for rings is limited (ulimit -l)")
    def test_file_io_uring_selects_uring(self) -> None:
        with Loopscope("--file-io", "uring") as service:
            auto = json.loads(service.ask("/methods")[2])["io_auto"]
            _, report = service.write(method="stream", count=1000)
            self.assertEqual((report["io"], report["io_reason"]), (auto["io"], auto["reason"]))
            self.assertIn("--file-io", auto["reason"])


class Limits(unittest.TestCase):
    def test_one_write_too_many_is_429(self) -> None:
        with Loopscope("--max-writes", "1") as service:
            with contextlib.closing(service.connect()) as client:  # when it leaves, its write is cancelled
                client.request("GET", "/write?method=offload&count=50000000")
                wait_until(service.parts, "the write has begun")
                status, headers, _ = service.ask("/write?method=stream&count=10")
                self.assertEqual(status, 429)
                self.assertIn("Retry-After", headers)
            wait_until(lambda: service.running() == 0, "the write is cancelled")
            self.assertEqual(service.write(method="stream", count=10)[0], 200)


if __name__ == "__main__":
    unittest.main()
