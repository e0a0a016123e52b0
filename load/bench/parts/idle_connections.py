# SPDX-License-Identifier: MIT

"""The memory of an idle connection that has served one request: the growth of the server's resident set."""

import contextlib
import resource
import socket
import urllib.parse

from loopscope_load.terminal import Failure
from parts import rounds

CONNECTIONS_MAX = 50_000
OTHER_DESCRIPTORS = 200
PER_ADDRESS = 20_000  # the ephemeral ports of one client address end at about 28,000
REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
RESPONSE_S = 20
NO_STALL = ("--stall-threshold", "60s")  # to explain one would need memory of its own
IP_BIND_ADDRESS_NO_PORT = 24  # Linux; Python 3.11 has no name for it


def possible() -> int:
    """How many connections the limit of open files allows. It is raised for this process and its children if possible."""
    wanted = CONNECTIONS_MAX + OTHER_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in ((max(wanted, soft), max(wanted, hard)), (hard, hard)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            break
    return min(CONNECTIONS_MAX, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - OTHER_DESCRIPTORS)


def bytes_each(binary: str, connections: int) -> float:
    """The resident bytes of each of that many idle connections."""
    flags = ("--max-connections", str(connections + OTHER_DESCRIPTORS), "--idle-timeout", "600s", *NO_STALL)
    with rounds.loopscope(*flags, binary=binary) as server, contextlib.ExitStack() as clients:
        parts = urllib.parse.urlsplit(server.url)
        address = (parts.hostname or "", parts.port or 80)
        connect(clients, address, 1)  # what the first request needs is not a connection's
        before = resident_bytes(server.pid)
        connect(clients, address, connections)
        grown = resident_bytes(server.pid) - before
    return grown / connections


def connect(clients: contextlib.ExitStack, address: tuple[str, int], connections: int) -> None:
    """Opens the connections, each of which gets one response. `clients` closes them."""
    for number in range(connections):
        client = clients.enter_context(socket.socket())
        client.settimeout(RESPONSE_S)
        client.setsockopt(socket.SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        client.bind((f"127.0.0.{2 + number // PER_ADDRESS}", 0))
        client.connect(address)
        client.sendall(REQUEST)
        if b"hello" not in client.recv(4096):
            raise Failure(f"Connection {number + 1:,} got no response to /hello.")


def resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()
