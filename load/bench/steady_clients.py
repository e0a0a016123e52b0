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
END_OF_ANSWER = b"\r\n\r\nhello\n"

Answer = collections.namedtuple("Answer", "due_s latency_us")


class Connection_:
    def __init__(self, address, first_due_s):
        self.socket = socket.create_connection(address, 5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
            self.unread = self.unread[self.unread.rindex(END_OF_ANSWER) + len(END_OF_ANSWER):]


class SteadyClients:
    """A context manager; answers is, when it has ended, a list of Answers for each connection."""

    def __init__(self, url, connections, rate_per_s):
        parts = urllib.parse.urlsplit(url)
        self.period_s_ = connections / rate_per_s
        begin_s = time.monotonic() + 0.1
        self.connections_ = [Connection_((parts.hostname, parts.port), begin_s + number / rate_per_s)
                             for number in range(connections)]
        self.ending_ = threading.Event()
        self.thread_ = threading.Thread(target=self.ask_, daemon=True)
        self.answers = None

    def __enter__(self):
        self.thread_.start()
        return self

    def __exit__(self, *_):
        self.ending_.set()
        self.thread_.join()
        for connection in self.connections_:
            connection.socket.close()
        self.answers = [connection.answers for connection in self.connections_]

    def ask_(self):
        in_turn = collections.deque(self.connections_)  # each is due a period after its last time, so in this order
        with selectors.DefaultSelector() as selector:
            for connection in self.connections_:
                selector.register(connection.socket, selectors.EVENT_READ, connection)
            while not self.ending_.is_set():
                for key, _ in selector.select(max(0.0, in_turn[0].next_due_s - time.monotonic())):
                    key.data.receive()
                while in_turn[0].next_due_s <= time.monotonic():
                    in_turn[0].send()
                    in_turn[0].next_due_s += self.period_s_
                    in_turn.rotate(-1)
