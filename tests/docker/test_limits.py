# SPDX-License-Identifier: MIT

"""What happens at the limits of a container: refused, told, survived."""

import http.client
import json
import unittest

from engine import Container, ask, ask_json, docker

MIB = 1 << 20
MEMORY = ("--memory", "128m", "--memory-swap", "128m")


class Memory(unittest.TestCase):
    def test_budget_follows_the_limit_and_a_batch_beyond_it_is_refused(self) -> None:
        with Container(*MEMORY) as service:
            config = ask_json(service.admin_port, "/info")["config"]
            self.assertEqual(config["container"]["memory_limit_bytes"], 128 * MIB)
            self.assertEqual(config["container"]["derived"], ["max-pending-bytes", "max-connection-bytes"])
            self.assertEqual(config["max_pending_bytes"], 48 * MIB)

            status, problem = ask(service.port, "/write?method=callback&count=3000000")
            self.assertEqual(status, 422, problem)
            refused = json.loads(problem)
            self.assertEqual((refused["limit_name"], refused["limit"]), ("max-pending-bytes", 48 * MIB))
            self.assertGreater(refused["estimate"], 128 * MIB)

            # What is not refused fits: the largest batch that the budget takes.
            largest = refused["limit"] * 3000000 // refused["estimate"]
            status, report = ask(service.port, f"/write?method=callback&count={largest}")
            self.assertEqual(status, 200, report)
            self.assertLess(json.loads(report)["memory"]["rss_peak_bytes"], 128 * MIB)
            self.assertEqual(ask(service.port, "/hello")[0], 200)
            self.assertFalse(service.state()["OOMKilled"])
            self.assertEqual(service.state()["Status"], "running")

    def test_budget_that_is_set_is_believed_and_the_kernel_has_the_last_word(self) -> None:
        with Container(
            *MEMORY, "--env", "LOOPSCOPE_MAX_PENDING_BYTES=4GiB", "--env", "LOOPSCOPE_MAX_CONNECTION_BYTES=8MiB"
        ) as service:
            container = ask_json(service.admin_port, "/info")["config"]["container"]
            self.assertEqual(container["derived"], [])
            with self.assertRaises((OSError, http.client.HTTPException)):
                ask(service.port, "/write?method=callback&count=3000000")
            docker("wait", service.name)
            self.assertEqual(service.state()["ExitCode"], 137)

    def test_quota_lowers_the_pool(self) -> None:
        with Container("--cpus", "1") as service:
            config = ask_json(service.admin_port, "/info")["config"]
            self.assertEqual((config["container"]["cpu_quota"], config["pool_threads"]), (1.0, 2))


class Volume(unittest.TestCase):
    def test_full_is_told_and_the_service_and_its_earlier_file_survive(self) -> None:
        with Container("--read-only", "--tmpfs", "/data:size=4m,uid=10001") as service:
            self.assertEqual(ask(service.port, "/write?method=stream&count=100000")[0], 200)
            status, problem = ask(service.port, "/write?method=stream&count=1000000")
            self.assertEqual(status, 507, problem)
            self.assertEqual(ask(service.port, "/hello"), (200, "hello\n"))
            # Room for one complete file: nothing of the failed one is left.
            self.assertEqual(docker("exec", service.name, "ls", "/data"), "stream.txt")
            report = ask_json(service.port, "/write?method=stream&count=100000&verify=true")
            self.assertTrue(report["content"]["complete"])
            metrics = ask(service.admin_port, "/metrics")[1]
            self.assertRegex(metrics, r'loopscope_writes_total\{method="stream",io="\w+",outcome="failed"\} 1')


if __name__ == "__main__":
    unittest.main()
