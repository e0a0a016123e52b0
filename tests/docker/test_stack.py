# SPDX-License-Identifier: MIT

"""docker/stack.yaml on a Swarm: deployed, asked, a replica killed and replaced, removed."""

import json
import os
import subprocess
import time
import unittest
import uuid

from engine import DOCKER, docker, has_image, wait_until

ALLOWED = os.environ.get("LOOPSCOPE_TEST_SWARM") == "1"


@unittest.skipUnless(ALLOWED, "LOOPSCOPE_TEST_SWARM=1 lets this test make the engine a Swarm of one")
@unittest.skipUnless(has_image("haproxy:2.8"), "image haproxy:2.8 is not here and cannot be pulled")
class Stack(unittest.TestCase):
    def setUp(self) -> None:
        self.name = "loopscopetest" + uuid.uuid4().hex[:6]
        if json.loads(docker("info", "--format", "{{json .Swarm}}"))["LocalNodeState"] == "inactive":
            docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377")
            self.addCleanup(docker, "swarm", "leave", "--force")
        self.addCleanup(self.remove)
        docker("stack", "deploy", "--resolve-image", "never", "--compose-file", DOCKER / "stack.yaml", self.name)

    def remove(self) -> None:
        tasks = docker("ps", "-aq", "--filter", f"label=com.docker.stack.namespace={self.name}").split()
        docker("stack", "rm", self.name, check=False)
        deadline = time.monotonic() + 60
        while docker("ps", "-q", "--filter", f"label=com.docker.stack.namespace={self.name}"):
            self.assertLess(time.monotonic(), deadline, "the stack's tasks are still there")
            time.sleep(0.5)
        if tasks:
            docker("rm", "--force", "--volumes", *tasks, check=False)

    def replicas(self) -> list[str]:
        return docker("ps", "-q", "--filter", f"name={self.name}_replica", "--filter", "health=healthy").split()

    def three_healthy_replicas(self) -> list[str]:
        wait_until(lambda: len(self.replicas()) == 3, "three healthy replicas", 120)
        return self.replicas()

    def answers(self, replica: str) -> bool:
        """Whether the balancer answers one of the replicas."""
        return (
            subprocess.run(
                ["docker", "exec", replica, "loopscope", "healthcheck", "--url", "http://balancer:8090/hello"],
                capture_output=True,
                timeout=30,
            ).returncode
            == 0
        )

    def test_serves_and_replaces_a_killed_replica(self) -> None:
        before = self.three_healthy_replicas()
        wait_until(lambda: self.answers(before[0]), "the balancer's answer")
        docker("kill", before[2])
        self.assertTrue(all(self.answers(before[0]) for _ in range(20)))
        after = self.three_healthy_replicas()
        self.assertNotIn(before[2], after)
        self.assertTrue(self.answers(after[0]))


if __name__ == "__main__":
    unittest.main()
