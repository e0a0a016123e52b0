# SPDX-License-Identifier: MIT

"""Every profile of docker/compose.yaml: up, asked, broken, down."""

import csv
import io
import json
import pathlib
import tempfile
import threading
import unittest
import urllib.parse
from collections.abc import Callable
from typing import Any

import jsonschema

from engine import DOCKER, ROOT, Project, ask, ask_json, docker, has_image, inspect, wait_until

REPLICAS = ("replica-1", "replica-2", "replica-3")
HAPROXY = "haproxy:2.8"
PROMETHEUS = "prom/prometheus:v2.53.0"


def needs(image: str) -> Callable[[type], type]:
    return unittest.skipUnless(has_image(image), f"image {image} is not here and cannot be pulled")


class Default(unittest.TestCase):
    def test_serves_the_page_confined_on_loopback(self) -> None:
        with Project() as project:
            project.run("up", "-d")
            port, admin = project.port("loopscope", 8080), project.port("loopscope", 8081)
            wait_until(lambda: ask(port, "/hello")[0] == 200, "/hello")
            self.assertIn("<!doctype html>", ask(admin, "/")[1].lower())
            container = inspect(project.container("loopscope"))
            host = container["HostConfig"]
            self.assertTrue(host["ReadonlyRootfs"])
            self.assertTrue(host["Init"])
            self.assertEqual(host["CapDrop"], ["ALL"])
            self.assertEqual(host["Memory"], 512 << 20)
            self.assertTrue(any("no-new-privileges" in option for option in host["SecurityOpt"]))
            self.assertEqual(host["RestartPolicy"]["Name"], "unless-stopped")
            self.assertEqual(host["LogConfig"]["Config"]["mode"], "non-blocking")
            addresses = {
                binding["HostIp"]
                for bindings in container["NetworkSettings"]["Ports"].values()
                for binding in bindings or ()
            }
            self.assertEqual(addresses, {"127.0.0.1"})


class IoUring(unittest.TestCase):
    def test_is_had_with_its_file_and_nothing_else_is_lost(self) -> None:
        with Project(files=("compose.yaml", "compose.iouring.yaml")) as project:
            project.run("up", "-d")
            port, admin = project.port("loopscope", 8080), project.port("loopscope", 8081)
            wait_until(lambda: ask(port, "/hello")[0] == 200, "/hello")
            self.assertTrue(ask_json(admin, "/info")["io_uring"]["available"])
            options = inspect(project.container("loopscope"))["HostConfig"]["SecurityOpt"]
            self.assertTrue(any("no-new-privileges" in option for option in options))
            self.assertTrue(any("io_uring_setup" in option for option in options))


class Load(unittest.TestCase):
    def test_leaves_the_report_in_the_folder(self) -> None:
        with tempfile.TemporaryDirectory() as folder, Project("load", report_folder=folder) as project:
            project.run(
                "run",
                "--rm",
                "load",
                "--quick",
                "--methods",
                "sync,stream",
                "--count",
                "200000",
                "--window",
                "1",
                "--idle",
                "1",
                timeout=300,
            )
            found = next(pathlib.Path(folder).glob("*/results.json"))
            results = json.loads(found.read_text())
            self.assertEqual([entry["outcome"] for entry in results["entries"]], ["measured", "measured"])
            self.assertNotEqual(results["machine"]["file_system"], "tmpfs")  # written to the volume, not to /tmp
            schema = json.loads((ROOT / "load/report/results.schema.json").read_text())
            jsonschema.validate(results, schema)
            report = (found.parent / "report.html").read_text()
            self.assertIn(json.dumps(results["started"]), report)
            self.assertIn("Dygraph", report)  # with its charts


class Wrk(unittest.TestCase):
    def test_takes_any_arguments_and_starts_once_the_service_is_healthy(self) -> None:
        with Project() as project:
            said = project.run("run", "--rm", "wrk", "-t1", "-c4", "-d1s", "--latency", "http://loopscope:8080/hello")
            self.assertRegex(said, r"Latency Distribution[\s\S]*99%[\s\S]*Requests/sec: +[1-9]")
            self.assertNotIn("Non-2xx", said)
            self.assertEqual(inspect(project.container("loopscope"))["State"]["Health"]["Status"], "healthy")

    def test_shows_the_stall_by_itself(self) -> None:
        with Project() as project:
            said = project.run("run", "--rm", "wrk")
            self.assertRegex(said, r"sync[\s\S]*/hello")


@needs(HAPROXY)
class Balancer(unittest.TestCase):
    def states(self, project: Project) -> dict[str, str]:
        text = ask(project.port("balancer", 8404), "/;csv")[1].removeprefix("# ")
        return {
            row["svname"]: row["status"] for row in csv.DictReader(io.StringIO(text)) if row["pxname"] == "readyz-retry"
        }

    def test_loses_no_request_when_a_replica_is_killed_or_blocked(self) -> None:
        with tempfile.TemporaryDirectory() as folder, Project("balancer", "lesson", report_folder=folder) as project:
            project.run("up", "-d", "balancer")
            for each in REPLICAS:  # before the balancer starts
                self.assertEqual(inspect(project.container(each))["State"]["Health"]["Status"], "healthy")
            port = project.port("balancer", 8090)
            wait_until(lambda: all(self.states(project)[each].startswith("UP") for each in REPLICAS), "all up")

            project.run(
                "run", "--rm", "lesson", "--block", "3", "--only", "l4,readyz-retry", "--json", "/reports/balancer.json"
            )
            found = json.loads((pathlib.Path(folder) / "balancer.json").read_text())["results"]
            unnoticed, noticed = found
            self.assertIsNone(unnoticed["out_after_ms"])  # the kernel accepts for a blocked loop
            self.assertLess(noticed["out_after_ms"], noticed["blocked_ms"])
            self.assertEqual(noticed["lost"], 0)
            self.assertLess(noticed["without_service_ms"], unnoticed["without_service_ms"])

            docker("kill", project.container("replica-2"))
            self.assertEqual({ask(port, "/hello") for _ in range(100)}, {(200, "hello\n")})
            wait_until(lambda: self.states(project)["replica-2"].startswith("DOWN"), "replica-2 down")
            self.assertTrue(self.states(project)["replica-1"].startswith("UP"))


@needs(PROMETHEUS)
class Metrics(unittest.TestCase):
    def query(self, port: int, expression: str) -> list[Any]:
        answer = ask_json(port, "/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        self.assertEqual(answer["status"], "success", answer)
        result: list[Any] = answer["data"]["result"]
        return result

    def test_scrapes_every_replica_and_answers_every_query_of_the_dashboard(self) -> None:
        with Project("balancer", "metrics") as project:
            project.run("up", "-d", "loopscope", *REPLICAS, "prometheus")
            port = project.port("prometheus", 9090)
            data_port = project.port("loopscope", 8080)
            wait_until(lambda: len(self.query(port, 'up{job="loopscope"} == 1')) == 4, "four targets that answer")
            self.assertEqual(ask(data_port, "/write?method=stream&count=1000")[0], 200)

            groups = ask_json(port, "/api/v1/rules")["data"]["groups"]
            alerts = {rule["name"] for group in groups for rule in group["rules"] if rule["type"] == "alerting"}
            self.assertLessEqual({"LoopStalled", "LoopLagHigh", "RunsFail"}, alerts)

            dashboard = json.loads((DOCKER / "grafana/dashboards/loopscope.json").read_text())
            for panel in dashboard["panels"]:
                for target in panel["targets"]:
                    expression = target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".+")
                    wait_until(lambda: self.query(port, expression), f"an answer to {expression}")

            # A blocked loop is told while it is blocked, a replica that is gone too.
            blocked = threading.Thread(target=ask, args=(data_port, "/write?method=sync&count=15000000"))
            blocked.start()
            wait_until(lambda: self.query(port, 'ALERTS{alertname="LoopStalled"}'), "LoopStalled")
            blocked.join()
            docker("kill", project.container("replica-3"))
            wait_until(lambda: self.query(port, 'ALERTS{alertname="ReplicaDown"}'), "ReplicaDown")


if __name__ == "__main__":
    unittest.main()
