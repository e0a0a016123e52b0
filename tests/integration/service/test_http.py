# SPDX-License-Identifier: MIT

"""HTTP/1.1 over the wire, against the real service: a selection of tests/unit/http/grammar_cases.cpp, and what concerns
the service itself.

Source: RFC 9110; RFC 9112.
"""

import contextlib
import dataclasses
import json
import signal
import unittest

from loopscope import METHODS, Loopscope
from polling import wait_until
from raw_http import DATE, RawClient, Response, request

HELLO = request()
WRITE = b"/write?method=stream&count=1"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SMUGGLED = request(b"/healthz")


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    data: bytes
    statuses: list[int]
    closes: bool = False
    headless: bool = False


SELECTION = [
    Case("GET", HELLO, [200]),
    Case("HEAD", request(method=b"HEAD"), [200], headless=True),
    Case("HEAD of a route that acts", request(WRITE, b"HEAD"), [405], headless=True),
    Case("OPTIONS *", request(b"*", b"OPTIONS"), [204]),
    Case("another path", request(b"/nothing"), [404]),
    Case("another method", request(method=b"DELETE"), [405]),
    Case("an unknown method", request(method=b"BREW"), [501]),
    Case("absolute-form", request(b"http://localhost/hello"), [200]),
    Case("line ends in a parameter", request(b"/write?method=x%0d%0aSet-Cookie:%20a=b"), [400]),
    Case("no Host", b"GET /hello HTTP/1.1\r\n\r\n", [400], closes=True),
    Case("two Hosts", request(fields=b"Host: other\r\n"), [400], closes=True),
    Case("another version", b"GET /hello HTTP/2.0\r\nHost: localhost\r\n\r\n", [505], closes=True),
    Case("bare LF", b"GET /hello HTTP/1.1\nHost: localhost\r\n\r\n", [400], closes=True),
    Case("a long target", request(b"/" + b"a" * 9000), [414], closes=True),
    Case("a long header", request(fields=b"X-A: " + b"a" * 20_000 + b"\r\n"), [431], closes=True),
    Case("a long body", request(WRITE, b"POST", b"Content-Length: 70000\r\n"), [413], closes=True),
    Case("chunks", request(WRITE, b"POST", CHUNKED) + b"3\r\nabc\r\n0\r\n\r\n", [200]),
    Case("an unknown coding", request(WRITE, b"POST", b"Transfer-Encoding: gzip\r\n"), [501], closes=True),
    Case("another expectation", request(WRITE, b"POST", b"Expect: tea\r\n"), [417], closes=True),
    Case(
        "length and chunks", request(WRITE, b"POST", b"Content-Length: 3\r\n" + CHUNKED) + SMUGGLED, [400], closes=True
    ),
    Case("smuggled behind a bad chunk", request(WRITE, b"POST", CHUNKED) + b"z\r\n" + SMUGGLED, [400], closes=True),
    Case("HTTP/1.0", b"GET /hello HTTP/1.0\r\n\r\n", [200], closes=True),
    Case("pipelined", HELLO + request(b"/nothing") + request(WRITE) + HELLO, [200, 404, 200, 200]),
    Case("twenty thousand pipelined", HELLO * 20_000, [200] * 20_000),
    Case("good before bad", HELLO + b"GET /hello HTTP/1.1\r\n\r\n" + HELLO, [200, 400], closes=True),
]


class Http(unittest.TestCase):
    service: Loopscope

    @classmethod
    def setUpClass(cls) -> None:
        cls.service = Loopscope().__enter__()
        cls.addClassCleanup(cls.service.__exit__)

    def connect(self) -> RawClient:
        return RawClient(self.service.address)

    def check_response(self, response: Response, closes: bool) -> None:
        self.assertEqual(response.headers["server"], "loopscope")
        self.assertRegex(response.headers["date"], DATE)
        self.assertEqual(response.headers["x-content-type-options"], "nosniff")
        self.assertEqual("close" in response.headers.get("connection", ""), closes)
        if response.status >= 400:
            self.assertEqual(response.headers["content-type"], "application/problem+json")
            if response.body:
                self.assertEqual(json.loads(response.body)["status"], response.status)

    def test_a_selection_of_the_grammar(self) -> None:
        for case in SELECTION:
            with self.subTest(case=case.name), self.connect() as client:
                client.send(case.data)
                for at, status in enumerate(case.statuses):
                    response = client.answer(case.headless)
                    self.assertEqual(response.status, status, (at, response.body))
                    self.check_response(response, case.closes and at + 1 == len(case.statuses))
                client.send(HELLO)
                if case.closes:  # after a request that closes, nothing is a request
                    # Where the client asked for the end itself, the connection may be closed already.
                    asked = case.statuses[-1] == 200
                    with contextlib.suppress(*([ConnectionResetError] if asked else [])):
                        self.assertEqual(client.rest(), b"")
                else:
                    self.assertEqual(client.answer().body, b"hello\n")

    def test_a_half_closed_client_gets_its_responses(self) -> None:
        # It takes seconds, unless the half-close cancels it, because its client may be gone.
        long_write = request(b"/write?method=promise&count=1000000")
        for data, statuses in ((HELLO * 3, [200] * 3), (long_write, [503])):
            with self.subTest(data=data), self.connect() as client:
                client.send(data)
                client.half_close()
                self.assertEqual([client.answer().status for _ in statuses], statuses)
                self.assertEqual(client.rest(), b"")

    def test_the_body_is_requested_from_a_client_that_waits(self) -> None:
        with self.connect() as client:
            client.send(request(WRITE, b"POST", b"Expect: 100-continue\r\nContent-Length: 3\r\n"))
            self.assertEqual(client.answer().status, 100)
            client.send(b"abc" + HELLO)
            self.assertEqual([client.answer().status, client.answer().status], [200, 200])

    def test_head_has_the_headers_of_get_and_no_body(self) -> None:
        for path in (b"/hello", b"/healthz", b"/methods", b"/openapi.json", b"/nothing"):
            with self.subTest(path=path), self.connect() as client:
                client.send(request(path) + request(path, b"HEAD") + HELLO)
                got, head, after = client.answer(), client.answer(headless=True), client.answer()
                self.assertEqual((got.status, list(got.headers)), (head.status, list(head.headers)))
                for name in got.headers:
                    if name != "date":
                        self.assertEqual(got.headers[name], head.headers[name])
                self.assertEqual(int(got.headers["content-length"]), len(got.body))
                self.assertEqual(after.body, b"hello\n")

    def test_allow_names_the_methods_of_a_path(self) -> None:
        for data, allowed in (
            (request(method=b"DELETE"), "GET, HEAD, OPTIONS"),
            (request(b"/write", b"PUT"), "GET, POST, OPTIONS"),
            (request(b"*", b"OPTIONS"), "GET, HEAD, POST, OPTIONS"),
        ):
            with self.subTest(data=data), self.connect() as client:
                client.send(data)
                self.assertEqual(client.answer().headers["allow"], allowed)

    def test_problems_say_nothing_about_the_inside(self) -> None:
        for data in (
            request(b"/nothing"),
            request(b"/write?method=turbo"),
            b"GET / HTTP/9.9\r\n\r\n",
            request(b"/write?method=../../etc/passwd"),
            request(method=b"BREW"),
        ):
            with self.subTest(data=data), self.connect() as client:
                client.send(data)
                body = client.answer().body.decode()
                for inside in (str(self.service.data_dir), "boost", "std::", "exception", ".cpp", "/tmp"):
                    self.assertNotIn(inside, body.lower())

    def test_a_parameter_that_is_no_method_makes_no_file(self) -> None:
        with self.connect() as client:
            for name in (
                b"../evil",
                b"%2e%2e%2fevil",
                b"stream%00",
                b"stream+",
                b"%ff%fe",
                b"/etc/passwd",
                b"sync%0d%0a",
            ):
                client.send(request(b"/write?count=1&method=" + name))
                self.assertEqual(client.answer().status, 400)
        known = {f"{name}.txt" for name in METHODS}
        self.assertLessEqual({path.name for path in self.service.data_dir.iterdir()}, known)


class Log(unittest.TestCase):
    def test_a_line_break_from_a_client_is_not_one_in_the_log(self) -> None:
        folded = b"GET /hello HTTP/1.1\r\nHost: forged\r\n forged\r\n\r\n"
        with Loopscope("--log-level", "trace", "--log-format", "json") as service:
            for data in (request(b"/write?method=%0d%0aforged"), request(b"/%0aforged"), folded):
                with RawClient(service.address) as client:
                    client.send(data)
                    client.answer()
            with RawClient(service.address) as client:  # a stall, whose record has the query
                client.send(request(b"/write?method=sync&count=200000&verify=%66alse"))
                client.answer()
            wait_until(lambda: bool(service.admin_json("/stalls")["stalls"]), "the stall is recorded")
            service.stop(signal.SIGTERM)
            lines = service.log.splitlines()
            self.assertGreater(len(lines), 3)
            for line in lines:
                self.assertIn("event", json.loads(line))


if __name__ == "__main__":
    unittest.main()
