# SPDX-License-Identifier: MIT

"""A failed allocation ends the process with one clear line, or every request gets its response: nothing in between.

Fails the allocations of each kind of request in turn, one a run. By default the first few are tried, and of the others
every Nth from a random start (LOOPSCOPE_SEED). LOOPSCOPE_SWEEP_EVERY sets N; 1 tries every allocation.
"""

import http.client
import json
import mmap
import os
import pathlib
import random
import socket
import struct
import subprocess
import tempfile
import unittest
from collections.abc import Callable


from loopscope import BINARY, Address, Loopscope, split_address
from polling import wait_until
from seed import printed_seed

PRELOAD = os.environ["LOOPSCOPE_FAIL_ALLOCATION_LIBRARY"]
PROBE = os.environ["LOOPSCOPE_PROBE"]
DEFAULT_EVERY = "400" if os.environ.get("LOOPSCOPE_SANITIZE") else "97"
EVERY = int(os.environ.get("LOOPSCOPE_SWEEP_EVERY", DEFAULT_EVERY))
LAST_LINE = "loopscope: out of memory: an allocation failed, so the process ends"
FIRST = 4 if DEFAULT_EVERY == "97" else 1  # each of the first ones is tried
COUNT = 300
RESPONSE_TIMEOUT_S = 30


class Allocations:
    """The memory that the preloaded library shares with this test: which allocations fail, and how many did."""

    def __init__(self, directory: str) -> None:
        self.path = pathlib.Path(directory) / "allocations"
        self.path.write_bytes(bytes(32))
        with open(self.path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 32)

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": PRELOAD,
            "LOOPSCOPE_FAIL_ALLOCATION": str(self.path),
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }

    def fail(self, after: int, failures: int = 1) -> None:
        self._memory[8:32] = struct.pack("<3q", after, failures, 0)
        self._memory[0:8] = struct.pack("<q", 1)

    def stop_failing(self) -> None:
        """One that has begun to fail may still do so."""
        self._memory[0:8] = bytes(8)

    def failed(self) -> int:
        return int.from_bytes(self._memory[24:32], "little")


def get(address: Address, target: str) -> bool:
    """Whether there was a whole response, and it was not a 500."""
    connection = http.client.HTTPConnection(*address, timeout=RESPONSE_TIMEOUT_S)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        answer.read()
        return answer.status != 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def two_events(address: Address) -> bool:
    with socket.create_connection(address, timeout=RESPONSE_TIMEOUT_S) as client:
        client.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        text = b""
        try:
            while text.count(b"event: sample") < 2:
                piece = client.recv(65536)
                if not piece:
                    return False
                text += piece
        except OSError:
            return False
    return True


Request = Callable[[Loopscope], bool]


def data(target: str) -> Request:
    return lambda service: get(service.address, target)


def admin(target: str) -> Request:
    return lambda service: get(service.admin_address, target)


def write(method: str, **more: str) -> Request:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return data(f"/write?method={method}&count={COUNT}{query}")


def stall(service: Loopscope) -> bool:
    return get(service.address, "/write?method=sync&count=100000") and get(service.admin_address, "/stalls")


REQUESTS: dict[str, Request] = {
    "accept and /hello": data("/hello"),
    "sync": write("sync"),
    "promise": write("promise"),
    "callback": write("callback"),
    "stream": write("stream"),
    "partition": write("partition"),
    "offload": write("offload", verify="true", durability="disk"),
    "promise uring": write("promise", io="uring"),
    "callback uring": write("callback", io="uring", verify="true"),
    "stream uring": write("stream", io="uring"),
    "a stall and /stalls": stall,
    "/events": lambda service: two_events(service.admin_address),
    "/metrics": admin("/metrics"),
    "/loop": admin("/loop"),
    "/runs": admin("/runs"),
    "the page": admin("/"),
    "a wrong parameter": data("/write?method=sync&count=0"),
}


class OutOfMemory(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = self.enterContext(tempfile.TemporaryDirectory())
        self.allocations = Allocations(self.directory)

    def check_ended(self, service: Loopscope) -> None:
        service.process.wait(timeout=RESPONSE_TIMEOUT_S)
        service.log_reader_.join()
        self.assertEqual(service.process.returncode, 1, service.log)
        self.assertEqual(service.log.rstrip("\n").rsplit("\n", 1)[-1], LAST_LINE)

    def serves(self, service: Loopscope) -> bool:
        """Whether both planes respond. If they do, no write may be left."""
        try:
            if not get(service.address, "/hello"):
                return False
            wait_until(lambda: service.running() == 0, "no write is left")
        except (OSError, http.client.HTTPException):
            return False
        return True

    def fail_one(
        self, service: Loopscope, request: Request, after: int, failures: int, earlier: bool
    ) -> tuple[bool, bool]:
        """Whether an allocation has failed, and whether the process has ended.

        `earlier`: one had failed in this process before. It may have been that of a thread that ends the process only now.
        """
        self.allocations.fail(after, failures)
        complete = request(service)
        self.allocations.stop_failing()
        # The allocation that fails may also come after the response.
        gone = not complete or not self.serves(service)
        failed = self.allocations.failed() > 0 or (gone and earlier)
        if gone:
            self.assertTrue(failed, "a response is missing although every allocation succeeded")
            self.check_ended(service)
        return failed, gone

    def sweep(self, request: Request, start: int, every: int, failures: int = 1) -> tuple[int, int]:
        """The number of runs until no allocation was left to fail, and how many of them ended the process."""
        after, runs, ended = 0, 0, 0
        while True:
            with Loopscope(environment=self.allocations.environment()) as service:
                self.assertTrue(self.serves(service))
                failed, gone, earlier = True, False, False
                while failed and not gone:
                    failed, gone = self.fail_one(service, request, after, failures, earlier)
                    earlier = True
                    runs += failed
                    ended += gone
                    after += 1 if after < FIRST else start if after == FIRST else every
            if not failed:
                return runs, ended

    def test_each_allocation_of_a_request(self) -> None:
        starts = random.Random(printed_seed())
        for name, request in REQUESTS.items():
            with self.subTest(request=name):
                every = 4 * EVERY if request is stall else EVERY  # resolving a stack allocates thousands of times
                runs, ended = self.sweep(request, starts.randrange(every) + 1, every)
                print(f"{name}: {runs} failed allocations, {ended} ended the process", flush=True)

    def test_all_allocations_from_one_moment_on(self) -> None:
        for name in ("stream", "callback uring", "/events"):
            with self.subTest(request=name):
                self.sweep(REQUESTS[name], 1, 10 * EVERY, failures=1_000_000)

    def test_a_stderr_that_nobody_reads_does_not_delay_the_end(self) -> None:
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(writer, bytes(4096))
        os.set_blocking(writer, True)
        environment = {**os.environ, **self.allocations.environment()}
        command = [BINARY, "--listen", "127.0.0.1:0", "--admin", "off", "--data-dir", self.directory]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=writer, env=environment) as process:
            try:
                assert process.stdout
                address = split_address(json.loads(process.stdout.readline())["listen"])
                self.allocations.fail(0, failures=1_000_000)
                self.assertFalse(get(address, "/write?method=stream&count=10"))
                self.assertEqual(process.wait(timeout=RESPONSE_TIMEOUT_S), 1)
            finally:
                process.kill()
        for end in (reader, writer):
            os.close(end)

    def test_allocations_before_main(self) -> None:
        for binary in (BINARY, PROBE):
            for after in range(20):
                with self.subTest(binary=binary, after=after):
                    self.allocations.fail(after)
                    done = subprocess.run(
                        [binary, "--version"],
                        capture_output=True,
                        text=True,
                        timeout=60,
                        check=False,
                        env={**os.environ, **self.allocations.environment()},
                    )
                    self.allocations.stop_failing()
                    self.assertEqual(self.allocations.failed(), 1)
                    if done.returncode != 0:
                        self.assertEqual((done.returncode, done.stdout), (1, ""))
                        self.assertEqual(
                            done.stderr.rstrip("\n"), LAST_LINE.replace("loopscope", pathlib.Path(binary).name)
                        )

    def test_the_command_ends_the_same_way(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            environment = {**os.environ, **self.allocations.environment()}
            self.allocations.fail(2000)
            done = subprocess.run(
                [BINARY, "write", "callback", "--count", "1000000", "--data-dir", directory],
                capture_output=True,
                text=True,
                env=environment,
                timeout=60,
                check=False,
            )
            self.allocations.stop_failing()
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertEqual(done.stderr.rstrip("\n"), LAST_LINE)


if __name__ == "__main__":
    unittest.main()
