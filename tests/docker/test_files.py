# SPDX-License-Identifier: MIT

"""What docker/ holds, checked without an engine: rules, the dashboard's queries, manifests."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

DOCKER = pathlib.Path(__file__).resolve().parents[2] / "docker"


def promtool(*arguments: str | pathlib.Path) -> tuple[int, str]:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@unittest.skipUnless(shutil.which("promtool"), "promtool (Debian package prometheus) is not installed")
class Metrics(unittest.TestCase):
    def test_configuration_and_rules_are_valid(self) -> None:
        for what, name in (("config", "prometheus.yml"), ("rules", "rules.yml")):
            code, said = promtool("check", what, DOCKER / "prometheus" / name)
            self.assertEqual(code, 0, said)

    def test_rules_alert_when_they_should_and_only_then(self) -> None:
        code, said = promtool("test", "rules", DOCKER / "prometheus" / "rules_test.yml")
        self.assertEqual(code, 0, said)

    def test_every_alert_has_a_test(self) -> None:
        rules = yaml.safe_load((DOCKER / "prometheus/rules.yml").read_text())
        tests = yaml.safe_load((DOCKER / "prometheus/rules_test.yml").read_text())["tests"]
        alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
        tested = {case["alertname"] for test in tests for case in test.get("alert_rule_test", ()) if case["exp_alerts"]}
        self.assertEqual(alerts, tested)

    def test_every_query_of_the_dashboard_is_valid(self) -> None:
        dashboard = json.loads((DOCKER / "grafana/dashboards/loopscope.json").read_text())
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        queries += [each["expr"] for each in dashboard["annotations"]["list"]]
        self.assertGreater(len(queries), 10)
        rules = [
            {"record": f"panel:{number}", "expr": query.replace("$__rate_interval", "1m").replace("$instance", ".+")}
            for number, query in enumerate(queries)
        ]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
            file.flush()
            code, said = promtool("check", "rules", file.name)
        self.assertEqual(code, 0, said)


class Versions(unittest.TestCase):
    def test_one_version_is_named_everywhere(self) -> None:
        root = DOCKER.parent
        version = re.findall(r"^project\(loopscope VERSION ([0-9.]+)", (root / "CMakeLists.txt").read_text(), re.M)[0]
        self.assertIn(f"ARG VERSION={version}\n", (root / "Dockerfile").read_text())
        self.assertIn(f'variable "VERSION" {{ default = "{version}" }}', (DOCKER / "bake.hcl").read_text())
        for name in (*DOCKER.glob("*.yaml"), root / "README.md"):
            tags = re.findall(r"(?<![-/\w.])loopscope(?:-load)?:([0-9][\w.]*)", name.read_text())
            self.assertEqual(set(tags) - {version}, set(), name)
            images = re.findall(r"image: (?:&\w+ )?(loopscope\S*)", name.read_text())
            self.assertEqual([image for image in images if not image.endswith(f":{version}")], [], name)

    def test_both_builds_compile_the_same_way(self) -> None:
        command = re.compile(r"cmake --preset .*\n.*cmake --build .*")
        root = DOCKER.parent
        plain, kept = (command.findall(path.read_text()) for path in (root / "Dockerfile", DOCKER / "bake.hcl"))
        self.assertEqual(len(plain), 1)
        self.assertEqual(plain, kept)


class Compose(unittest.TestCase):
    def test_the_root_names_the_file(self) -> None:
        settings = (DOCKER.parent / ".env").read_text().splitlines()
        self.assertIn("COMPOSE_FILE=docker/compose.yaml", settings)

    def test_what_serves_is_restarted_and_waits_for_health(self) -> None:
        services = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
        tools = {"load", "lesson", "wrk"}
        self.assertEqual({name for name, each in services.items() if "restart" not in each}, tools)
        for name, each in services.items():
            for other, wanted in (each.get("depends_on") or {}).items():
                self.assertEqual(wanted, {"condition": "service_healthy"}, f"{name}: {other}")

    def test_publish_on_loopback_only(self) -> None:
        for name in DOCKER.glob("compose*.yaml"):
            for mapping in re.findall(r"ports: \[(.*)\]", name.read_text()):
                for port in re.findall(r'"([^"]*)"', mapping):
                    self.assertTrue(port.startswith("127.0.0.1:"), f"{name}: {port}")


class Manifests(unittest.TestCase):
    def setUp(self) -> None:
        self.documents = list(yaml.safe_load_all((DOCKER / "kubernetes.yaml").read_text()))
        self.pod = next(each for each in self.documents if each["kind"] == "Deployment")["spec"]["template"]
        self.container = self.pod["spec"]["containers"][0]

    def test_services_find_the_pods_and_their_ports(self) -> None:
        names = {port["name"] for port in self.container["ports"]}
        for service in (each for each in self.documents if each["kind"] == "Service"):
            self.assertLessEqual(service["spec"]["selector"].items(), self.pod["metadata"]["labels"].items())
            self.assertLessEqual({port["targetPort"] for port in service["spec"]["ports"]}, names)

    def test_no_privilege(self) -> None:
        spec, own = self.pod["spec"]["securityContext"], self.container["securityContext"]
        self.assertTrue(spec["runAsNonRoot"])
        self.assertEqual(spec["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertFalse(own["allowPrivilegeEscalation"])
        self.assertTrue(own["readOnlyRootFilesystem"])
        self.assertEqual(own["capabilities"], {"drop": ["ALL"]})
        self.assertFalse(self.pod["spec"]["automountServiceAccountToken"])
        for forbidden in ("hostNetwork", "hostPID", "hostIPC"):
            self.assertNotIn(forbidden, self.pod["spec"])

    def test_a_blocked_loop_is_taken_out_and_never_killed(self) -> None:
        # /healthz is served by the loop itself: as a liveness probe it would kill a busy service.
        self.assertEqual(self.container["livenessProbe"]["httpGet"], {"path": "/livez", "port": "admin"})
        self.assertEqual(self.container["readinessProbe"]["httpGet"], {"path": "/readyz", "port": "admin"})
        stack = yaml.safe_load((DOCKER / "stack.yaml").read_text())
        self.assertTrue(stack["services"]["replica"]["healthcheck"]["test"][-1].endswith("/livez"))


class Seccomp(unittest.TestCase):
    def test_allows_io_uring_and_no_new_namespace(self) -> None:
        profile = json.loads((DOCKER / "seccomp-iouring.json").read_text())
        self.assertEqual(profile["defaultAction"], "SCMP_ACT_ERRNO")
        always = {
            name
            for rule in profile["syscalls"]
            if rule["action"] == "SCMP_ACT_ALLOW" and "args" not in rule
            for name in rule["names"]
        }
        self.assertLessEqual({"io_uring_setup", "io_uring_enter", "io_uring_register"}, always)
        self.assertTrue(
            always.isdisjoint(
                {
                    "bpf",
                    "clone",
                    "clone3",
                    "kexec_load",
                    "keyctl",
                    "mount",
                    "perf_event_open",
                    "setns",
                    "unshare",
                    "userfaultfd",
                    "init_module",
                    "socket",
                }
            )
        )


if __name__ == "__main__":
    unittest.main()
