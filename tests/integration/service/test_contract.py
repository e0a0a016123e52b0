# SPDX-License-Identifier: MIT

"""The names in the service's JSON and metrics, which programs, dashboards and alerts rely on, in real output."""

import copy
import http.client
import json
import pathlib
import re
import threading
import unittest
from typing import Any

import jsonschema
from loopscope import Loopscope

ADMIN_SCHEMA = json.loads((pathlib.Path(__file__).parent / "admin_schema.json").read_text(encoding="utf-8"))
METRICS = {
    "loopscope_build_info": "gauge",
    "loopscope_http_request_duration_seconds": "histogram",
    "loopscope_http_requests_total": "counter",
    "loopscope_loop_blocked_threads": "gauge",
    "loopscope_loop_capacity_lost_seconds_total": "counter",
    "loopscope_loop_lag_seconds": "histogram",
    "loopscope_loop_stall_seconds_total": "counter",
    "loopscope_loop_stalled_seconds": "gauge",
    "loopscope_loop_stalls_total": "counter",
    "loopscope_loop_threads": "gauge",
    "loopscope_write_duration_seconds": "histogram",
    "loopscope_write_pending_bytes": "gauge",
    "loopscope_writes_total": "counter",
    "process_cpu_seconds_total": "counter",
    "process_max_fds": "gauge",
    "process_open_fds": "gauge",
    "process_resident_memory_bytes": "gauge",
    "process_start_time_seconds": "gauge",
    "process_threads": "gauge",
    "process_virtual_memory_bytes": "gauge",
}
LABELS = {
    "loopscope_build_info": {"version", "compiler"},
    "loopscope_http_requests_total": {"route", "status"},
    "loopscope_http_request_duration_seconds_count": {"route"},
    "loopscope_loop_stalls_total": {"loop", "verdict"},
    "loopscope_writes_total": {"method", "io", "outcome"},
    "loopscope_write_duration_seconds_count": {"method", "io"},
}


def strict(schema: Any) -> Any:
    """A copy in which every property is required and no other is allowed."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: strict(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        out["required"] = list(schema["properties"])
        out["additionalProperties"] = False
    return out


def check(value: Any, document: dict[str, Any], name: str) -> None:
    """Raises ValidationError if the value does not match that schema of the document exactly."""
    schema = strict(copy.deepcopy(document))
    schema["$ref"] = name
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(value)


def check_admin(value: Any, path: str) -> None:
    check(value, ADMIN_SCHEMA, "#/$defs/" + path.replace("/", "~1"))


class DataPlane(unittest.TestCase):
    def test_every_methods_report_matches_the_openapi_document(self) -> None:
        with Loopscope() as service:
            document = json.loads(service.ask("/openapi.json")[2])
            methods = json.loads(service.ask("/methods")[2])["methods"]
            self.assertGreater(len(methods), 0)
            for method in methods:
                option_sets: list[dict[str, str]] = [{}, {"verify": "true", "durability": "disk"}]
                for options in option_sets:
                    with self.subTest(method=method["name"], **options):
                        status, report = service.write(method=method["name"], count=1000, **options)
                        self.assertEqual(status, 200, report)
                        check(report, document, "#/components/schemas/WriteReport")

    def test_problems_match_the_openapi_document(self) -> None:
        with Loopscope("--max-count", "1000") as service:
            document = json.loads(service.ask("/openapi.json")[2])
            schema = {**document, "$ref": "#/components/schemas/Problem"}
            known = set(document["components"]["schemas"]["Problem"]["properties"])
            for target in ("/write", "/write?method=none", "/write?method=sync&count=1001", "/nothing"):
                with self.subTest(target=target):
                    status, headers, body = service.ask(target)
                    self.assertEqual(headers["Content-Type"], "application/problem+json")
                    problem = json.loads(body)
                    jsonschema.Draft202012Validator(schema).validate(problem)
                    self.assertLessEqual(set(problem), known)
                    self.assertEqual(problem["status"], status)


class AdminPlane(unittest.TestCase):
    def test_json_matches_its_schema_during_a_stall(self) -> None:
        with Loopscope() as service:
            service.write(method="stream", count=1000)
            writer = threading.Thread(target=self.write_until_killed, args=(service,))
            writer.start()
            events = service.events()
            sample = next(each for each in events if each["loops"][0]["stall"] and each["runs"])
            check_admin(sample, "/events")
            while not (stalls := service.admin_json("/stalls"))["stalls"][0]["stack"]:
                next(events)
            self.assertTrue(stalls["stalls"][0]["in_progress"])
            check_admin(stalls, "/stalls")
            runs = service.admin_json("/runs")
            self.assertEqual([len(runs["running"]), len(runs["finished"])], [1, 1])
            check_admin(runs, "/runs")
            while not (loop := service.admin_json("/loop"))["loops"][0]["last_second"]:
                next(events)
            check_admin(loop, "/loop")
            check_admin(service.admin_json("/info"), "/info")
            events.close()
            service.process.kill()
            writer.join()

    def test_a_running_streams_buffer_matches_its_schema(self) -> None:
        with Loopscope() as service:
            writer = threading.Thread(target=self.write_until_killed, args=(service, "stream"))
            writer.start()
            events = service.events()
            check_admin(next(each for each in events if each["buffer"]), "/events")
            events.close()
            service.process.kill()
            writer.join()

    @staticmethod
    def write_until_killed(service: Loopscope, method: str = "sync") -> None:
        try:
            service.write(method=method, count=100_000_000)
        except (OSError, http.client.HTTPException):
            pass  # killed


class Metrics(unittest.TestCase):
    def test_every_metric_is_in_the_contract_and_there_from_the_start(self) -> None:
        with Loopscope() as service:
            text = service.ask_admin("/metrics")[1]
        self.assertEqual(dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)), METRICS)
        for name, labels in LABELS.items():
            series = re.findall(rf"^{name}\{{(.*)\}} ", text, re.MULTILINE)
            self.assertGreater(len(series), 0, name)
            for each in series:
                self.assertEqual(set(re.findall(r'(\w+)="', each)), labels, name)


if __name__ == "__main__":
    unittest.main()
