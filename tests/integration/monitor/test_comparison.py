# SPDX-License-Identifier: MIT

"""The comparison itself, on truths and records that are made up."""

import dataclasses
import unittest

from truth import Answer, Record, Truth, compare, truth_of

MS = 1_000_000
SLEEP = Truth("sleep", "back_off", 10, 1000 * MS, 300.0, 0.1, 0.1, 1, 7, 0, 0)
TOLD = Record("", 1001 * MS, 299.0, "off_cpu", "lab::app::back_off", "blocks.hpp", 11, 1, 7, {})


def moved(record: Record, by_ms: int, **changes: float) -> Record:
    return dataclasses.replace(record, start_ns=record.start_ns + by_ms * MS, **changes)


class TheComparison(unittest.TestCase):
    def test_a_true_record_has_no_fault(self) -> None:
        made = compare([SLEEP], [TOLD])
        self.assertEqual(made.faults(), {})
        self.assertEqual(made.counts()["found"], 1)

    def test_a_block_without_a_record_is_missed_unless_it_is_about_as_short_as_the_threshold(self) -> None:
        self.assertEqual(compare([SLEEP], []).faults(), {"missed": 1})
        self.assertEqual(compare([dataclasses.replace(SLEEP, duration_ms=30.0)], []).faults(), {})

    def test_a_record_of_another_time_or_thread_is_none_of_the_block(self) -> None:
        self.assertEqual(compare([SLEEP], [moved(TOLD, 500)]).faults(), {"missed": 1, "phantoms": 1})
        other_thread = dataclasses.replace(TOLD, tid=8)
        self.assertEqual(compare([SLEEP], [other_thread]).faults(), {"missed": 1, "phantoms": 1})

    def test_blocks_at_once_have_a_record_each(self) -> None:
        other = dataclasses.replace(SLEEP, tid=8)
        self.assertEqual(compare([SLEEP, other], [TOLD]).faults(), {"missed": 1})
        without_tid = dataclasses.replace(TOLD, tid=0)
        self.assertEqual(compare([SLEEP, other], [without_tid, without_tid]).faults(), {})

    def test_the_longest_record_is_the_blocks_and_the_others_are_pieces(self) -> None:
        made = compare([SLEEP], [moved(TOLD, 0, duration_ms=50.0), moved(TOLD, 60, duration_ms=240.0)])
        self.assertEqual(made.faults(), {"in_pieces": 1, "off": 1})

    def test_a_wrong_function_or_line_is_a_wrong_place_and_none_is_told_apart(self) -> None:
        self.assertEqual(compare([SLEEP], [dataclasses.replace(TOLD, function="main")]).faults(), {"wrong_place": 1})
        self.assertEqual(compare([SLEEP], [dataclasses.replace(TOLD, line=99)]).faults(), {"wrong_place": 1})
        unnamed_namespace = dataclasses.replace(TOLD, function="(anonymous namespace)::back_off(int)")
        self.assertEqual(compare([SLEEP], [unnamed_namespace]).faults(), {})
        nowhere = dataclasses.replace(TOLD, function="", line=0)
        self.assertEqual(compare([SLEEP], [nowhere]).faults(), {"wrong_place": 1, "without_place": 1})

    def test_a_sleeper_that_the_machine_is_blamed_for_is_acquitted(self) -> None:
        for verdict in ("run_queue", "throttled", "descheduled"):
            made = compare([SLEEP], [dataclasses.replace(TOLD, verdict=verdict)])
            self.assertEqual(made.faults(), {"wrong_verdict": 1, "acquitted": 1})
        self.assertEqual(compare([SLEEP], [dataclasses.replace(TOLD, verdict="on_cpu")]).faults(), {"wrong_verdict": 1})

    def test_a_computing_thread_may_have_waited_for_the_cpu_or_the_machine(self) -> None:
        spin = dataclasses.replace(SLEEP, kind="spin", cpu_ms=130.0, queue_ms=150.0)
        self.assertEqual(spin.verdicts(), {"on_cpu", "run_queue"})
        self.assertEqual(dataclasses.replace(spin, queue_ms=10.0).verdicts(), {"on_cpu", "descheduled"})

    def test_a_duration_may_be_wrong_by_ten_milliseconds(self) -> None:
        self.assertEqual(compare([SLEEP], [moved(TOLD, 0, duration_ms=309.9)]).faults(), {})
        self.assertEqual(compare([SLEEP], [moved(TOLD, 0, duration_ms=310.1)]).faults(), {"off": 1})
        self.assertEqual(compare([SLEEP], [moved(TOLD, 0, duration_ms=289.9)]).faults(), {"off": 1})

    def test_a_thread_that_waited_for_the_cpu_may_have_waited_at_the_edges_too(self) -> None:
        told = moved(TOLD, 0, duration_ms=330.0)
        self.assertEqual(compare([dataclasses.replace(SLEEP, queue_ms=25.0)], [told]).faults(), {})
        self.assertEqual(compare([dataclasses.replace(SLEEP, queue_ms=15.0)], [told]).faults(), {"off": 1})

    def test_a_stall_may_last_as_long_as_the_handler_that_the_block_was_in(self) -> None:
        told = {**dataclasses.asdict(SLEEP), "start_ns": 1000 * MS}
        del told["handler_ms"]
        handler = {"start_ns": 995 * MS, "duration_ms": 330.0, "pid": 1, "tid": 7}
        answered = truth_of(told, [{**handler, "tid": 8}, {**handler, "start_ns": 660 * MS}, handler])
        self.assertEqual(answered, dataclasses.replace(SLEEP, handler_ms=330.0))
        self.assertEqual(truth_of(told), SLEEP)
        self.assertEqual(compare([answered], [moved(TOLD, 0, duration_ms=339.9)]).faults(), {})
        self.assertEqual(compare([answered], [moved(TOLD, 0, duration_ms=340.1)]).faults(), {"off": 1})
        self.assertEqual(compare([answered], [moved(TOLD, 0, duration_ms=289.9)]).faults(), {"off": 1})

    def test_a_stall_that_a_slow_answer_explains_is_no_phantom(self) -> None:
        slow, elsewhere = Answer(990 * MS, 295.0), Answer(2000 * MS, 295.0)
        self.assertEqual(compare([], [TOLD], [slow]).faults(), {})
        self.assertEqual(compare([], [TOLD], [elsewhere]).faults(), {"phantoms": 1})
        self.assertEqual(compare([], [TOLD], [dataclasses.replace(slow, duration_ms=280.0)]).faults(), {"phantoms": 1})


if __name__ == "__main__":
    unittest.main()
