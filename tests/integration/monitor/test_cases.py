# SPDX-License-Identifier: MIT

"""Programs and loops that are not the usual ones: each was told wrongly once."""

import contextlib
import os
import pathlib
import unittest
from collections.abc import Iterator

from programs import Program
from truth import Comparison

CPU_CGROUPS = pathlib.Path("/sys/fs/cgroup/cpu"), pathlib.Path("/sys/fs/cgroup")


@contextlib.contextmanager
def cpu_quota(percent: int) -> Iterator[pathlib.Path]:
    """A cgroup with a quota; skips the test where none can be made."""
    parent = next((each for each in CPU_CGROUPS if (each / "cgroup.procs").exists()), None)
    if not parent:
        raise unittest.SkipTest("no cgroup file system")
    group = parent / f"loopscope-lab-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as failure:
        raise unittest.SkipTest(f"no cgroup can be made: {failure}") from failure
    try:
        try:
            if (group / "cpu.cfs_quota_us").exists():
                (group / "cpu.cfs_quota_us").write_text(str(percent * 1000))
            else:
                (group / "cpu.max").write_text(f"{percent * 1000} 100000")
        except OSError as failure:
            raise unittest.SkipTest(f"no quota can be set: {failure}") from failure
        yield group
    finally:
        group.rmdir()


class Case(unittest.TestCase):
    def run_case(self, program: str, case: str) -> tuple[Program, Comparison]:
        with Program(program, f"case={case}") as running:
            self.assertEqual(running.end(), 0)
        return running, running.comparison()

    def assert_true(self, comparison: Comparison, blocks: int) -> None:
        self.assertEqual(comparison.counts()["truths"], blocks, comparison.table())
        self.assertEqual(comparison.faults(), {}, "\n" + comparison.table())


class Loops(Case):
    def test_a_queue_of_short_handlers_is_nobodys_fault(self) -> None:
        _, comparison = self.run_case("loops", "queue")
        self.assertEqual(comparison.phantoms, (), comparison.table())
        for record in comparison.records:
            self.assertRegex(record.sentence, r"\d+ handlers")
            self.assertEqual(record.told["handlers"], "many")

    def test_a_wait_in_a_nested_loop_or_an_epoll_of_ones_own_is_a_block(self) -> None:
        self.assert_true(self.run_case("loops", "waits")[1], 10)

    def test_a_loop_of_polls_is_told_of_its_handler_alone(self) -> None:
        self.assert_true(self.run_case("loops", "poll")[1], 1)

    def test_a_stall_lasts_until_its_handler_returns_although_the_loop_was_stopped(self) -> None:
        self.assert_true(self.run_case("loops", "stop")[1], 1)

    def test_each_of_two_threads_has_its_stalls(self) -> None:
        self.assert_true(self.run_case("loops", "two_threads")[1], 11)

    def test_a_strand_is_held_up_while_threads_are_free(self) -> None:
        self.assert_true(self.run_case("loops", "strand")[1], 1)


class Lives(Case):
    def test_a_slow_callback_acquits_nobody(self) -> None:
        self.assert_true(self.run_case("acquittals", "slow_callback")[1], 4)

    def assert_watched_or_said(self, running: Program, comparison: Comparison) -> None:
        """Whether the new process is watched, or the monitor says that it is not."""
        said = [each["sentence"] for each in running.lines("report") if "fork" in each["sentence"]]
        for finding in comparison.findings:
            if finding.truth.pid != running.process.pid and said:
                continue
            self.assertTrue(finding.found and not finding.wrong_place, comparison.table())

    def test_a_daemon_is_watched_or_told_that_it_is_not(self) -> None:
        running, comparison = self.run_case("lives", "daemon")
        self.assertEqual(comparison.counts()["truths"], 1)
        self.assert_watched_or_said(running, comparison)

    def test_so_is_a_forked_child_and_its_parent_is_watched(self) -> None:
        running, comparison = self.run_case("lives", "fork")
        self.assertEqual(comparison.counts()["truths"], 2)
        self.assert_watched_or_said(running, comparison)

    def test_hooks_that_throw_are_counted_and_the_loop_is_watched(self) -> None:
        running, comparison = self.run_case("lives", "throwing_hooks")
        self.assert_true(comparison, 1)
        self.assertGreater(running.first("end")["callback_errors"], 0)

    def test_a_request_that_has_ended_is_blamed_for_nothing(self) -> None:
        _, comparison = self.run_case("lives", "ended_activity")
        self.assert_true(comparison, 1)
        self.assertNotIn("/finished", comparison.records[0].sentence)

    def test_a_context_may_be_destroyed_before_its_monitor(self) -> None:
        self.assert_true(self.run_case("lives", "context_destroyed_first")[1], 1)

    def test_a_sleeper_is_not_throttled_while_others_use_up_the_quota(self) -> None:
        with cpu_quota(30) as group, Program("acquittals", "case=quota") as running:
            (group / "cgroup.procs").write_text(str(running.process.pid))
            self.assertEqual(running.end(), 0)
        comparison = running.comparison()
        self.assertEqual(comparison.counts()["truths"], 3)
        faults = ("missed", "wrong_place", "wrong_verdict", "acquitted", "without_place")
        self.assertEqual(comparison.faults(*faults), {}, "\n" + comparison.table())


if __name__ == "__main__":
    unittest.main()
