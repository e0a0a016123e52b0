"""HTTP/1.1 as it comes over the wire: the cases of http_cases.py and what no table holds, against the real service."""

import json
import time
import unittest

from http_cases import GROUPS, GET, HOST, NEXT, POST, SMUGGLED, field, method, target
from loopscope import Loopscope
from raw_http import DATE, RawClient

PIECES = 24


class Http(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Loopscope().__enter__()
        cls.addClassCleanup(cls.service.__exit__)

    def connect(self):
        return RawClient(self.service.address)

    def check_answer(self, answer, last, end):
        self.assertEqual(answer.headers["server"], "loopscope")
        self.assertRegex(answer.headers["date"], DATE)
        self.assertEqual("close" in answer.headers.get("connection", ""), last and end == "closes")
        if answer.status >= 400:
            self.assertEqual(answer.headers["content-type"], "application/problem+json")
            if answer.body:
                problem = json.loads(answer.body)
                self.assertEqual(problem["status"], answer.status)
                self.assertTrue(problem["detail"].endswith("."), problem)

    def run_case(self, send, statuses, end, headless):
        with self.connect() as client:
            send(client)
            for at, status in enumerate(statuses):
                answer = client.answer(headless=at in headless)
                self.assertEqual(answer.status, status, (at, answer.body))
                self.check_answer(answer, at + 1 == len(statuses), end)
            if end == "closes":
                client.send(NEXT)  # behind a request that closes, nothing is a request
                self.assertEqual(client.rest(), b"")
            else:
                client.send(target(b"/methods"))
                answer = client.answer()
                self.assertEqual(answer.status, 200)
                self.assertIn(b'"methods"', answer.body)

    def test_every_case_at_once(self):
        for group, cases in GROUPS.items():
            for name, data, statuses, end, *headless in cases:
                with self.subTest(group=group, case=name):
                    self.run_case(lambda client: client.send(data), statuses, end, set(*headless))

    def test_every_case_in_pieces(self):
        for group, cases in GROUPS.items():
            for name, data, statuses, end, *headless in cases:
                if len(data) > 4096 or b"Expect" in data:  # an expectation is met between two pieces
                    continue
                step = max(1, len(data) // PIECES)

                def send(client):
                    for at in range(0, len(data), step):
                        client.send(data[at:at + step])

                with self.subTest(group=group, case=name):
                    self.run_case(send, statuses, end, set(*headless))

    def test_there_are_well_over_a_hundred_cases_with_names_of_their_own(self):
        for group, cases in GROUPS.items():
            self.assertEqual(len({case[0] for case in cases}), len(cases), group)
        self.assertGreater(sum(len(cases) for cases in GROUPS.values()), 250)

    def test_a_half_closed_client_is_answered(self):
        write = target(b"/write?method=stream&count=1000")  # who stops sending has left: its run is cancelled
        for data, statuses in ((NEXT, [200]), (NEXT * 3, [200] * 3), (b"\r\n" + NEXT + b"\r\n", [200]),
                               (target(b"/nothing") + NEXT, [404, 200]), (write, [503])):
            with self.subTest(data=data), self.connect() as client:
                client.send(data)
                client.half_close()
                self.assertEqual([client.answer().status for _ in statuses], statuses)
                self.assertEqual(client.rest(), b"")

    def test_a_request_cut_short_is_not_answered(self):
        for data in (GET, b"GET /hel", POST + b"Content-Length: 9\r\n\r\nabc",
                     POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"):
            with self.subTest(data=data), self.connect() as client:
                client.send(data)
                client.half_close()
                self.assertEqual(client.rest(), b"")

    def test_the_body_is_asked_for_when_the_client_waits(self):
        for framing, body in ((b"Content-Length: 3\r\n", b"abc"),
                              (b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n0\r\n\r\n")):
            with self.subTest(framing=framing), self.connect() as client:
                client.send(POST + b"Expect: 100-continue\r\n" + framing + b"\r\n")
                self.assertEqual(client.answer().status, 100)
                client.send(body + NEXT)
                self.assertEqual([client.answer().status, client.answer().status], [200, 200])

    def test_the_body_is_asked_for_behind_pipelined_answers(self):
        with self.connect() as client:
            client.send(NEXT + POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            self.assertEqual([client.answer().status, client.answer().status], [200, 100])
            client.send(b"abc")
            self.assertEqual(client.answer().status, 200)

    def test_head_has_the_headers_of_get_and_no_body(self):
        for path in (b"/hello", b"/healthz", b"/methods", b"/openapi.json", b"/nothing"):
            with self.subTest(path=path), self.connect() as client:
                client.send(target(path) + method(b"HEAD", path) + NEXT)
                got, head, after = client.answer(), client.answer(headless=True), client.answer()
                self.assertEqual((got.status, list(got.headers)), (head.status, list(head.headers)))
                for name in got.headers:
                    if name != "date":
                        self.assertEqual(got.headers[name], head.headers[name])
                self.assertEqual(int(got.headers["content-length"]), len(got.body))
                self.assertEqual(after.body, b"hello\n")

    def test_allow_names_what_is_served(self):
        for asked, allowed in ((method(b"DELETE"), "GET, HEAD, OPTIONS"),
                               (method(b"OPTIONS"), "GET, HEAD, OPTIONS"),
                               (method(b"BREW"), "GET, HEAD, OPTIONS"),
                               (method(b"PUT", b"/write"), "GET, POST, OPTIONS"),
                               (method(b"OPTIONS", b"/write"), "GET, POST, OPTIONS"),
                               (method(b"OPTIONS", b"*"), "GET, HEAD, POST, OPTIONS")):
            with self.subTest(asked=asked), self.connect() as client:
                client.send(asked)
                self.assertEqual(client.answer().headers["allow"], allowed)

    def test_answers_to_1_0_say_how_the_connection_goes_on(self):
        with self.connect() as client:
            client.send(b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            self.assertEqual(client.answer().headers["connection"], "keep-alive")
            client.send(b"GET /hello HTTP/1.0\r\n\r\n")
            self.assertEqual(client.answer().headers["connection"], "close")
            self.assertEqual(client.rest(), b"")

    def test_nothing_of_the_client_becomes_a_header_or_an_answer_line(self):
        evil = b"%0d%0aX-Evil:%20yes%0d%0a%0d%0aHTTP/1.1%20200%20OK"
        asked = (target(b"/" + evil), target(b"/write?method=" + evil), target(b"/write?" + evil + b"=1"),
                 method(b"OPTIONS", b"/" + evil), target(b"/hello?" + evil),
                 field(b"Origin: http://localhost%0d%0aX-Evil: yes"))
        for data in asked:
            with self.subTest(data=data), self.connect() as client:
                client.send(data + NEXT)
                answer = client.answer()
                self.assertNotIn("x-evil", answer.headers)
                self.assertEqual(client.answer().body, b"hello\n")

    def test_problems_tell_nothing_of_the_inside(self):
        for data in (target(b"/nothing"), target(b"/write?method=turbo"), b"GET / HTTP/9.9\r\n\r\n",
                     target(b"/write?method=../../etc/passwd"), method(b"BREW")):
            with self.subTest(data=data), self.connect() as client:
                client.send(data)
                body = client.answer().body.decode()
                for inside in (str(self.service.data_dir), "boost", "std::", "exception", ".cpp", "/tmp"):
                    self.assertNotIn(inside, body.lower())

    def test_files_are_named_by_methods_only(self):
        with self.connect() as client:
            for name in (b"../evil", b"%2e%2e%2fevil", b"stream%00.txt", b"/etc/passwd", b"sync%0d%0a"):
                client.send(target(b"/write?count=1&method=" + name))
                self.assertEqual(client.answer().status, 400)
        known = {f"{name}.txt" for name in ("sync", "promise", "callback", "stream", "partition", "offload")}
        self.assertLessEqual({path.name for path in self.service.data_dir.iterdir()}, known)

    def test_what_was_refused_is_never_read_as_a_request(self):
        """One long body of requests behind each refusal: none is answered, and the connection ends in order."""
        for head in (POST + b"Content-Length: 70000\r\n", POST + b"Content-Length: x\r\n",
                     POST + b"Transfer-Encoding: gzip\r\n", POST + b"Expect: tea\r\nContent-Length: 9\r\n",
                     b"GET /hello HTTP/1.1\r\n"):
            with self.subTest(head=head), self.connect() as client:
                client.send(head + b"\r\n" + SMUGGLED * 1000)
                self.assertGreaterEqual(client.answer().status, 400)
                self.assertEqual(client.rest(), b"")


class Log(unittest.TestCase):
    def test_a_line_break_of_a_client_is_none_of_the_log(self):
        with Loopscope("--log-level", "trace", "--log-format", "json") as service:
            for data in (target(b"/write?method=%0d%0aforged"), target(b"/%0aforged"), host_line(b"forged\r\n forged")):
                with RawClient(service.address) as client:
                    client.send(data)
                    client.answer()
            with RawClient(service.address) as client:  # a stall, whose record holds the query
                client.send(target(b"/write?method=sync&count=200000&verify=%66alse"))
                client.answer()
            time.sleep(0.3)
            service.stop(15)
            service.log_reader_.join()
            for line in service.log.splitlines():
                self.assertIn("event", json.loads(line))


def host_line(value):
    return b"GET /hello HTTP/1.1\r\nHost: " + value + b"\r\n\r\n"


if __name__ == "__main__":
    unittest.main()
