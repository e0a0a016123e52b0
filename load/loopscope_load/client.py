"""Asks a server to greet, to write and for what its admin plane knows."""

import http.client
import json
import urllib.parse

from loopscope_load.failure import Failure, Refused

ANSWER_TIMEOUT_S = 3600


class Client:
    """One keep-alive connection, so that short writes follow each other closely; a context manager."""

    def __init__(self, url, timeout_s=ANSWER_TIMEOUT_S):
        parts = urllib.parse.urlsplit(url)
        self.connection_ = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection_.close()

    def check_hello(self):
        status, body = self.get_("/hello")
        if status != 200 or body.strip() != b"hello":
            raise Failure(f"This is not loopscope: /hello answered status {status}.")

    def write(self, method, count, verify, **more):
        """Writes `count` records; returns the write report. `more` are further parameters of /write.

        Raises Refused when that is over a limit.
        """
        query = urllib.parse.urlencode({"method": method, "count": count, "verify": str(verify).lower(), **more})
        status, body = self.get_("/write?" + query)
        try:
            answer = json.loads(body)
        except ValueError:
            answer = {}
        if status == 200 and "timing_ms" in answer:
            return answer
        detail = str(answer.get("detail") or answer.get("title") or "no reason given")
        kind = Refused if status == 422 else Failure
        raise kind(f"The service answered {status}: {detail}")

    def json(self, target):
        """The JSON of an admin endpoint."""
        status, body = self.get_(target)
        try:
            if status == 200:
                return json.loads(body)
        except ValueError:
            pass
        raise Failure(f"{target} answered status {status} and no JSON that can be read.")

    def get_(self, target):
        try:
            self.connection_.request("GET", target)
            response = self.connection_.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection_.close()
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            where = f"{self.connection_.host}:{self.connection_.port}"
            raise Failure(f"No answer from {where} to GET {target}: {reason}.") from error


def base_url(given):
    """http://HOST:PORT of whatever of it was given: with or without scheme, slash or /hello."""
    url = given if "://" in given else "http://" + given
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/", "/hello"):
        raise Failure(f"'{given}' is not a server's address; expected http://HOST:PORT.")
    return f"http://{parts.netloc}"
