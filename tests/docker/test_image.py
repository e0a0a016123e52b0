# SPDX-License-Identifier: MIT

"""The image: what it holds, that it serves alone, how it ends."""

import json
import pathlib
import tempfile
import unittest

from engine import DOCKER, IMAGE, Container, ask, ask_json, docker, inspect, wait_until

BASE = "debian:bookworm-slim"
LARGEST_BYTES = 60 << 20


class Image(unittest.TestCase):
    def test_is_at_most_60_mib_above_its_base(self) -> None:
        above = inspect(IMAGE, "image")["Size"] - inspect(BASE, "image")["Size"]
        print(f"{above / (1 << 20):.1f} MiB above {BASE}", end=" ... ", flush=True)
        self.assertLess(above, LARGEST_BYTES)

    def test_says_what_it_is(self) -> None:
        config = inspect(IMAGE, "image")["Config"]
        version = docker("run", "--rm", IMAGE, "--version").split()[1]
        self.assertEqual(config["Labels"]["org.opencontainers.image.version"], version)
        self.assertEqual(config["Labels"]["org.opencontainers.image.title"], "loopscope")
        self.assertEqual(config["Labels"]["org.opencontainers.image.licenses"], "MIT")
        self.assertNotIn(config["User"].split(":")[0], ("", "0", "root"))
        self.assertEqual(config["Entrypoint"], ["loopscope"])
        self.assertEqual(list(config["Volumes"]), ["/data"])

    def test_alone_serves_with_its_page_and_ends_on_sigterm(self) -> None:
        with Container() as service:
            self.assertEqual(ask(service.port, "/hello"), (200, "hello\n"))
            self.assertIn("<!doctype html>", ask(service.admin_port, "/")[1].lower())
            self.assertEqual(ask(service.port, "/write?method=stream&count=1000")[0], 200)
            wait_until(lambda: bool(service.state()["Health"]["Status"] == "healthy"), "healthy")
            docker("stop", "--time", "30", service.name)
            self.assertEqual(service.state()["ExitCode"], 0)  # 137: killed after the 30 s

    def test_needs_nothing_that_compose_takes_away(self) -> None:
        with Container("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges") as service:
            for method in ("sync", "promise", "callback", "stream", "partition", "offload"):
                status, report = ask(service.port, f"/write?method={method}&count=2000&verify=true")
                self.assertEqual(status, 200, report)
                self.assertTrue(json.loads(report)["content"]["complete"], method)

    def test_is_unhealthy_when_its_loop_does_not_answer(self) -> None:
        with Container() as service:
            docker("exec", service.name, "loopscope", "healthcheck")
            with self.assertRaisesRegex(AssertionError, "status 404"):
                docker("exec", service.name, "loopscope", "healthcheck", "--url", "http://127.0.0.1:8080/nothing")


class Watch(unittest.TestCase):
    def test_names_the_line_that_blocks_another_program_of_the_image(self) -> None:
        serve = ("loopscope", "--listen", "0.0.0.0:8080", "--admin", "off")
        with Container("--cap-drop", "ALL", command=("watch", "--admin", "0.0.0.0:8081", "--", *serve)) as watched:
            self.assertEqual(ask_json(watched.admin_port, "/info")["mode"], "watch")
            self.assertEqual(ask(watched.port, "/write?method=sync&count=2000000")[0], 200)

            def culprits() -> set[str]:
                stalls = ask_json(watched.admin_port, "/stalls")["stalls"]
                return {(stall["culprit"] or {}).get("file") or "" for stall in stalls}

            wait_until(lambda: any("writers/" in name for name in culprits()), "the line of the write")


class IoUring(unittest.TestCase):
    def test_works_with_the_profile_that_allows_it(self) -> None:
        with Container("--security-opt", f"seccomp={DOCKER / 'seccomp-iouring.json'}", "--cap-drop", "ALL") as service:
            self.assertTrue(ask_json(service.admin_port, "/info")["io_uring"]["available"])
            report = ask_json(service.port, "/write?method=stream&io=uring&count=10000&verify=true")
            self.assertEqual((report["io"], report["content"]["complete"]), ("uring", True))

    def test_is_replaced_by_threads_where_the_engine_forbids_it(self) -> None:
        # Docker's own profile does since version 25; older engines are told to.
        profile = json.loads((DOCKER / "seccomp-iouring.json").read_text())
        profile["syscalls"] = [rule for rule in profile["syscalls"] if "io_uring_setup" not in rule["names"]]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "without.json"
            path.write_text(json.dumps(profile))
            with Container("--security-opt", f"seccomp={path}") as service:
                info = ask_json(service.admin_port, "/info")
                self.assertFalse(info["io_uring"]["available"])
                self.assertIn("seccomp", info["io_uring"]["reason"])
                self.assertEqual(info["file_io"]["stream"]["io"], "threads")
                wait_until(lambda: "seccomp" in service.log(), "the reason in the log")
                self.assertEqual(ask_json(service.port, "/write?method=stream&count=1000")["io"], "threads")
                self.assertEqual(ask(service.port, "/write?method=stream&io=uring")[0], 400)

    def test_is_as_available_as_the_engine_has_it(self) -> None:
        with Container() as service:
            info = ask_json(service.admin_port, "/info")
            status, _ = ask(service.port, "/write?method=stream&io=uring&count=1000")
            self.assertEqual(status, 200 if info["io_uring"]["available"] else 400)


if __name__ == "__main__":
    unittest.main()
