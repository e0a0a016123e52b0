"""Clients that each have one keep-alive connection and ask /hello at their own steady rate, whatever becomes of it.

Requests are sent when they are due, also while answers are outstanding, and counted from then. Unlike loopscope-probe,
which sends on whichever connection is idle, this says what each connection saw.
"""

import collections
import selectors
import socket
import threading
import time
import urllib.parse

REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
BEGIN_AFTER_S = 0.1  # all are connected by then
END_OF_ANSWER = b"\r\n\r\nhello\n"

Answer = collections.namedtuple("Answer", "due_s latency_us")


class SteadyClient:
    """One of them; answers are those that have come, in order."""

    def __init__(self, connected, first_due_s):
        self.socket = connected
        self.next_due_s = first_due_s
        self.waiting = collections.deque()
        self.unread = b""
        self.answers = []

    def send(self):
        self.waiting.append(self.next_due_s)
        self.socket.sendall(REQUEST)

    def receive(self):
        self.unread += self.socket.recv(65536)
        now = time.monotonic()
        complete = self.unread.count(END_OF_ANSWER)
        for _ in range(complete):
            due_s = self.waiting.popleft()
            self.answers.append(Answer(due_s, (now - due_s) * 1e6))
        if complete:
            self.unread = self.unread[self.unread.rindex(END_OF_ANSWER) + len(END_OF_ANSWER) :]


class SteadyClients:
    """All of them, on a thread; a context manager. answers is, when it has ended, a list of Answers for each."""

    def __init__(self, url, clients, rate_per_s):
        parts = urllib.parse.urlsplit(url)
        self.period_s_ = clients / rate_per_s
        begin_s = time.monotonic() + BEGIN_AFTER_S
        self.clients_ = [
            SteadyClient(connected((parts.hostname, parts.port)), begin_s + number / rate_per_s)
            for number in range(clients)
        ]
        self.ending_ = threading.Event()
        self.thread_ = threading.Thread(target=self.ask_, daemon=True)
        self.answers = None

    def __enter__(self):
        self.thread_.start()
        return self

    def __exit__(self, *_):
        self.ending_.set()
        self.thread_.join()
        for client in self.clients_:
            client.socket.close()
        self.answers = [client.answers for client in self.clients_]

    def ask_(self):
        in_turn = collections.deque(self.clients_)  # each is due a period after its last time, so in this order
        with selectors.DefaultSelector() as selector:
            for client in self.clients_:
                selector.register(client.socket, selectors.EVENT_READ, client)
            while not self.ending_.is_set():
                for key, _ in selector.select(max(0.0, in_turn[0].next_due_s - time.monotonic())):
                    key.data.receive()
                while in_turn[0].next_due_s <= time.monotonic():
                    in_turn[0].send()
                    in_turn[0].next_due_s += self.period_s_
                    in_turn.rotate(-1)


def connected(address):
    connection = socket.create_connection(address, 5)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
