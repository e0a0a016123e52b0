"""The arithmetic of load/bench on figures that are known; no process runs."""

import os
import socket
import sys
import time
import unittest

import support

sys.path.insert(0, os.path.join(support.LOAD, "bench"))

import cost_per_record  # noqa: E402  (found through the path above)
import eight_streams  # noqa: E402
import more_loops  # noqa: E402
import one_loop_blocked  # noqa: E402
import responsiveness  # noqa: E402
import rounds  # noqa: E402
import start  # noqa: E402
from loopscope_load.probe import Requests  # noqa: E402
from steady_clients import Answer, SteadyClient  # noqa: E402


class Rounds(unittest.TestCase):
    def test_take_turns_backwards_every_other_time(self):
        self.assertEqual([name for _, name in rounds.by_turns("abc", 2)], list("abccba"))

    def test_compare_within_a_round_and_leave_out_what_was_not_measured(self):
        ratios = rounds.ratios(
            [{"us": 2}, {"us": 9}, {"us": None}, {"us": 5}], [{"us": 1}, {"us": 3}, {"us": 1}, {"us": 0}]
        )
        self.assertEqual(ratios, {"us": {"median": 2.5, "least": 2, "greatest": 3}})
        self.assertEqual(rounds.ratios([{"us": None}], [{"us": 1}]), {})

    def test_say_a_spread_as_exactly_as_it_is_worth(self):
        self.assertEqual(rounds.in_words({"median": 1.046, "least": 0.5, "greatest": 143.2}), "1.05 (0.50 .. 143)")
        self.assertEqual(rounds.in_words(None), "n/a")


class Responsiveness(unittest.TestCase):
    WINDOW = responsiveness.Window(10_000, 12_000, 7)

    def test_keeps_what_was_due_and_what_the_loop_did_in_the_window(self):
        requests = Requests(
            [999_000, 1_500_000, 2_500_000, 3_000_500], [1, 20, 30, 400], [1, 15, 12, 300]
        )  # us from 9,000 ms
        samples = [
            {"unix_ms": at, "lag_max_us": lag}
            for at, lag in ((10_050, 900), (10_150, 5), (12_000, 7), (12_001, 800), (11_000, None))
        ]
        stalls = [{"started_ms": 9_999, "duration_ms": 300}, {"started_ms": 11_000, "duration_ms": 40.0}]
        found = responsiveness.figures(self.WINDOW, requests, 9_000, samples, stalls)
        self.assertEqual((found["requests"], found["max_us"], found["p99_9_us"]), (2, 30, None))
        self.assertEqual(found["from_sent_max_us"], 15)
        self.assertEqual(
            (found["loop_lag_max_us"], found["stalls"], found["longest_stall_ms"], found["writes"]), (7, 1, 40.0, 7)
        )

    def test_has_no_longest_stall_where_there_was_none(self):
        found = responsiveness.figures(self.WINDOW, Requests([], [], []), 9_000, [], [])
        self.assertEqual((found["stalls"], found["longest_stall_ms"]), (0, None))

    def test_says_nothing_of_a_method_that_the_server_lacks(self):
        quiet = {
            **dict.fromkeys(("p50_us", "p99_us", "p99_9_us", "max_us", "from_sent_max_us", "loop_lag_max_us"), 1000),
            "stalls": 0,
            "longest_stall_ms": None,
        }
        found = responsiveness.summary(
            {responsiveness.IDLE: [quiet], "stream": [{**quiet, "p99_9_us": 1500}], responsiveness.SLICED: []}
        )
        self.assertIsNone(found[responsiveness.SLICED])
        self.assertEqual(found["stream"]["over_idle"]["p99_9_us"]["median"], 1.5)
        self.assertTrue(all(len(line) <= 80 for line in responsiveness.table(found)))

    def test_knows_from_the_list_of_methods_whether_callback_takes_slices(self):
        for defaults, takes in (({"slice_us": None}, True), ({"count": 1}, False)):
            methods = {
                "methods": [
                    {"name": "partition", "defaults": {"slice_us": 500}},
                    {"name": "callback", "defaults": defaults},
                ]
            }
            self.assertIs(responsiveness.callback_takes_slices(methods), takes)


class CostPerRecord(unittest.TestCase):
    def test_is_that_of_one_record_over_a_record_of_a_million(self):
        mine = [{"ms": 2.0, "cpu_ms": 3.0, "growth_bytes": 10}, {"ms": 4.0, "cpu_ms": 3.0, "growth_bytes": 30}]
        base = [{"ms": 100.0, "cpu_ms": 1.0, "growth_bytes": 9}] * 2
        row = cost_per_record.summary(10_000, mine, base)
        self.assertEqual((row["ns_per_record"], row["cpu_ns_per_record"], row["growth_bytes"]), (300.0, 300.0, 30))
        self.assertEqual(row["over_base"], {"median": 3.0, "least": 2.0, "greatest": 4.0})

    def test_has_no_memory_where_one_write_had_none(self):
        row = cost_per_record.summary(
            1, [{"ms": 1, "cpu_ms": 1, "growth_bytes": each} for each in (5, None)], [{"ms": 1}] * 2
        )
        self.assertIsNone(row["growth_bytes"])


class MoreLoops(unittest.TestCase):
    def test_gain_what_the_cores_have_left(self):
        for server_us, wrk_us, rate, times in ((10, 10, 100_000, 1.0), (19, 1, 50_000, 2.0), (10, 10, 50_000, 2.0)):
            figures = {"cpu_us_per_request": server_us, "asking_cpu_us_per_request": wrk_us, "requests_per_s": rate}
            self.assertAlmostEqual(more_loops.at_the_same_cost(figures, 2), times)


class OneLoopBlocked(unittest.TestCase):
    def test_tells_the_connections_that_waited_from_the_others(self):
        idle, write = (0.0, 1.0), (1.0, 3.0)
        waited = [Answer(0.5, 100), Answer(1.0, 2_000_000), Answer(2.9, 100_000), Answer(3.0, 5)]
        other = [Answer(0.5, 200), Answer(2.0, 300)]
        found = one_loop_blocked.figures([waited, other], idle, write)
        self.assertEqual(found["connections_held_up_share"], 0.5)
        self.assertAlmostEqual(found["requests_held_up_share"], 2 / 3)
        self.assertEqual(
            (found["idle"]["max_us"], found["held_up"]["max_us"], found["others"]["max_us"]), (200, 2_000_000, 300)
        )

    def test_a_client_counts_from_when_its_request_was_due_and_reads_answers_in_pieces(self):
        ours, servers = socket.socketpair()
        with ours, servers:
            client = SteadyClient(ours, time.monotonic() - 2)
            client.send()
            client.next_due_s += 1
            client.send()
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"
            servers.sendall(answer[:-3])
            client.receive()
            self.assertEqual(client.answers, [])
            servers.sendall(answer[-3:] + answer)
            client.receive()
            first, second = client.answers
            self.assertGreaterEqual(first.latency_us, 2e6)
            self.assertAlmostEqual(first.latency_us - second.latency_us, 1e6, -1)


class EightStreams(unittest.TestCase):
    def test_are_fair_when_the_slowest_is_the_mean(self):
        self.assertEqual(eight_streams.figures([100.0] * 8, 25.0)["slowest_over_mean"], 1)
        unfair = eight_streams.figures([100.0, 300.0], 100.0)
        self.assertEqual((unfair["slowest_over_mean"], unfair["fastest_over_mean"]), (1.5, 0.5))
        self.assertEqual(unfair["slowest_over_one_after_another"], 1.5)


class Start(unittest.TestCase):
    def test_reads_what_the_kernel_says_and_makes_nothing_up(self):
        status = "VmRSS:\t   10240 kB\nRssAnon:\t    1024 kB\n"
        self.assertEqual(start.kib_of(status, "VmRSS"), 10240 * 1024)
        self.assertIsNone(start.kib_of(status, "Pss"))


if __name__ == "__main__":
    unittest.main()
