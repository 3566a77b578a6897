#!/usr/bin/env python3
"""A gateway that misbehaves on demand: every SDK is tested against the same faults.

Started as `python3 faulty_server.py`, it prints one line of JSON, `{"port": 12345}`, and ends when its standard input
ends, so that no test leaves it behind. It needs nothing but Python 3.9.

What it does is said in the client's base URL:

    http://127.0.0.1:<port>/<name>/<steps>

`<name>` is any word of the test's own; requests of one name are counted together. `<steps>` are separated by `+`: the
first request gets the first step, the second the second, and all further ones the last. So a client with the base URL
`http://127.0.0.1:<port>/retry-1/503:DRAINING+drop+ok` is refused, then cut off, then answered. Whatever the client
appends is its path; any operation of the gateway may be called.

Steps:

    ok                    what a gateway would answer, in a few canned shapes: sends (201), health, lists of messages,
                          sessions and chats (`limit` and `offset` are honoured; 7 of each), a file of media
    drop                  the request is read, and the connection closed without an answer
    half                  the head of the answer and the first half of its body, then the end of the connection
    STATUS[:CODE[:SECS]]  a failure in the gateway's shape, such as `429:RATE_LIMITED:1`; SECS is `Retry-After`
    date:STATUS:SECS      the same, with `Retry-After` as a date that many seconds from now
    stall                 the request is read and never answered (until the client goes away, at most 60 s)
    stall-body            the head and the first half of the body, then nothing
    slow:SECS             answered after that many seconds
    garbage               200 with JSON that breaks off
    html                  200 with a page, as a proxy would answer
    empty                 200 without a body
    endless               200 with a JSON string that never ends
    redirect              302 to `/stolen/ok/...` of this server
    bytes:COUNT           200 with a file of that many bytes: byte number i is i modulo 251
    half-bytes:COUNT      the same, cut off in the middle
    events:COUNT          server-sent events with the next COUNT ids after `Last-Event-ID` (or `after`, or 0), then the
                          end of the connection
    events-again:COUNT    the same, but beginning with the one that the client has already
    events-cut:COUNT      the same as `events`, and then half an event before the end
    events-hold:COUNT     the same as `events`, and then the connection stays open, silent
    events-unknown:COUNT  the same as `events`, of a type that no client knows
    events-huge           one line without end

Events have the type `message.received`, consecutive ids, and bodies that say `event <id>`. Lines are cut at odd places.

`GET /log/<name>` answers what was asked under a name, in order, as a JSON list of
`{method, path, query, headers, length, sha256, body, file}`: names of headers in lower case, `path` without the name and
the steps, `body` as text where it is shorter than 64 KiB, and, for multipart bodies, `file` as
`{name, mimetype, length, sha256}` of the part called `file` with the other parts in `fields`.
"""

import email.utils
import hashlib
import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Iterator, List, Optional, Tuple
from urllib.parse import parse_qs, urlsplit

ALL = 7
LONGEST_KEPT = 64 * 1024
SESSION = "0199a8c5-4e00-7c3a-9d1e-5b6f7a8c9d0e"
WHEN = "2026-10-03T10:00:00.000Z"
REASONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 408: "Request Timeout",
           409: "Conflict", 422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error",
           501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


class Log:
    """What was asked, by name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Dict[str, List[Dict[str, Any]]] = {}

    def add(self, name: str, request: Dict[str, Any]) -> int:
        """Keeps a request, and says how many there were before it."""
        with self._lock:
            requests = self._requests.setdefault(name, [])
            requests.append(request)
            return len(requests) - 1

    def of(self, name: str) -> List[Dict[str, Any]]:
        with self._lock:
            return list(self._requests.get(name, []))


LOG = Log()


def message(number: int) -> Dict[str, Any]:
    return {"id": f"0199a8c5-4e00-7c3a-9d1e-{number:012d}", "sessionId": SESSION, "waMessageId": f"3EB0{number:04d}",
            "chatId": "15550000002@c.us", "from": "15550000002@c.us", "to": "15550000001@c.us", "chatName": "Ada",
            "author": None, "body": f"message {number} \u00fc\U0001f600", "type": "text", "direction": "incoming",
            "timestamp": 1790000000 + number, "metadata": None, "mediaPath": None, "mediaMimetype": None,
            "status": "delivered", "createdAt": WHEN}


def session(number: int) -> Dict[str, Any]:
    return {"id": f"0199a8c5-4e00-7c3a-9d1e-{number:012d}", "name": f"session-{number}", "status": "ready",
            "phone": "15550000001", "pushName": "Ada", "connectedAt": WHEN, "lastActive": None, "createdAt": WHEN,
            "updatedAt": WHEN, "lastError": None, "restriction": None, "engineLoaded": True}


def chat(number: int) -> Dict[str, Any]:
    return {"id": f"{15550000000 + number}@c.us", "name": f"chat {number}", "isGroup": False, "kind": "individual",
            "unreadCount": 0, "timestamp": 1790000000, "archived": False, "pinned": False, "muted": False}


def event(number: int, kind: str) -> bytes:
    data = {"id": f"3EB0{number:04d}", "from": "15550000002@c.us", "to": "15550000001@c.us",
            "chatId": "15550000002@c.us", "body": f"event {number}", "type": "text", "timestamp": 1790000000 + number,
            "fromMe": False, "isGroup": False, "kind": "individual"}
    record = {"seq": number, "event": kind, "sessionId": SESSION, "timestamp": WHEN, "chatId": "15550000002@c.us",
              "data": data}
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(record)}\n\n".encode()


def content(count: int) -> Iterator[bytes]:
    """`count` bytes, of which number i is i modulo 251."""
    block = bytes(range(251)) * 261
    while count > 0:
        yield block[:count]
        count -= len(block)


def parts(body: bytes, content_type: str) -> Iterator[Tuple[str, Dict[str, str], bytes]]:
    """The parts of a multipart body: name, headers, content."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if not found:
        return
    for piece in body.split(b"--" + found.group(1).encode())[1:-1]:
        head, _, rest = piece[2:].partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        headers = {name.lower(): value for name, value in headers.items()}
        named = re.search(r'[; ]name="([^"]*)"', headers.get("content-disposition", ""))
        yield (named.group(1) if named else ""), headers, rest[:-2]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "faulty"

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the log is asked for."""

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def do_GET(self) -> None:
        self.answer()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

    def answer(self) -> None:
        split = urlsplit(self.path)
        _, name, steps, *rest = split.path.split("/", 3) + [""]
        if name == "log":
            return self.send(200, LOG.of(steps))
        body = self.read_body()
        query = {key: values[-1] for key, values in parse_qs(split.query, keep_blank_values=True).items()}
        path = "/" + rest[0]
        number = LOG.add(name, self.described(path, query, body))
        every = steps.replace("%3A", ":").replace("%2B", "+").split("+")
        self.perform(every[min(number, len(every) - 1)], path, query)

    def described(self, path: str, query: Dict[str, str], body: bytes) -> Dict[str, Any]:
        headers = {key.lower(): value for key, value in self.headers.items()}
        request = {"method": self.command, "path": path, "query": query, "headers": headers, "length": len(body),
                   "sha256": hashlib.sha256(body).hexdigest()}
        content_type = headers.get("content-type", "")
        if content_type.startswith("multipart/form-data"):
            fields = {}
            for name, about, data in parts(body, content_type):
                if name != "file":
                    fields[name] = data.decode()
                    continue
                named = re.search(r'filename="([^"]*)"', about.get("content-disposition", ""))
                request["file"] = {"name": named.group(1) if named else None, "mimetype": about.get("content-type"),
                                   "length": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            request["fields"] = fields
        elif len(body) < LONGEST_KEPT:
            request["body"] = body.decode("utf-8", "replace")
        return request

    def read_body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        chunks = []
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
            if size == 0:
                return b"".join(chunks)

    def perform(self, step: str, path: str, query: Dict[str, str]) -> None:
        word, *arguments = step.split(":")
        if word.isdigit():
            return self.fail(int(word), arguments)
        simple = {"ok": self.canned, "half": self.half, "stall-body": self.stall_body}
        if word in simple:
            return simple[word](path, query)
        if word.startswith("events"):
            return self.events(word, int(arguments[0]) if arguments else 0, query)
        if word == "drop":
            self.close_connection = True
        elif word == "stall":
            self.wait_for_end()
        elif word == "slow":
            time.sleep(float(arguments[0]))
            self.canned(path, query)
        elif word == "date":
            when = email.utils.formatdate(time.time() + float(arguments[1]), usegmt=True)
            self.fail(int(arguments[0]), ["RATE_LIMITED", when])
        elif word == "garbage":
            self.send_bytes(200, "application/json", b'{"messageId": "3EB0')
        elif word == "html":
            self.send_bytes(200, "text/html", b"<html><body>Welcome to the proxy</body></html>")
        elif word == "empty":
            self.send_bytes(200, "application/json", b"")
        elif word == "endless":
            self.endless()
        elif word == "redirect":
            self.send_bytes(302, "text/plain", b"", {"Location": f"/stolen/ok{path}"})
        elif word in ("bytes", "half-bytes"):
            self.file(int(arguments[0]), word == "half-bytes")
        else:
            self.send(400, {"statusCode": 400, "message": f"the faulty server knows no step {step!r}"})

    def canned(self, path: str, query: Dict[str, str]) -> None:
        status, answer = self.answer_of(path, query)
        self.send(status, answer)

    def answer_of(self, path: str, query: Dict[str, str]) -> Tuple[int, Any]:
        offset = int(query.get("offset", 0))
        numbers = range(ALL)[offset:offset + int(query.get("limit", 50))]
        if self.command == "POST" and ("/messages/send-" in path or path.endswith("/messages/reply")):
            return 201, {"messageId": "3EB0C0FFEE", "timestamp": 1790000000}
        if path.endswith("/messages"):
            return 200, {"messages": [message(it) for it in numbers], "total": ALL}
        if path == "/api/sessions":
            return 200, [session(it) for it in numbers]
        if path.endswith("/chats"):
            return 200, [chat(it) for it in numbers]
        if path.startswith("/api/sessions/") and path.count("/") == 3:
            return 200, session(1)
        if path.startswith("/api/health"):
            return 200, {"status": "ok"}
        return 200, {"success": True}

    def fail(self, status: int, arguments: List[str]) -> None:
        code, after = (arguments + ["", ""])[:2]
        body = {"statusCode": status, "message": f"asked to fail with {status}", "error": REASONS.get(status, "Failed")}
        if code:
            body["code"] = code
        self.send(status, body, {"Retry-After": after} if after else {})

    def head(self, status: int, headers: Dict[str, str]) -> None:
        self.send_response(status, REASONS.get(status))
        self.send_header("X-Request-ID", f"faulty-{threading.get_ident()}")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, status: int, body: Any, headers: Optional[Dict[str, str]] = None) -> None:
        self.send_bytes(status, "application/json", json.dumps(body, ensure_ascii=False).encode(), headers)

    def send_bytes(self, status: int, kind: str, body: bytes, headers: Optional[Dict[str, str]] = None) -> None:
        self.head(status, {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def begin_half(self, path: str, query: Dict[str, str]) -> None:
        status, answer = self.answer_of(path, query)
        body = json.dumps(answer).encode()
        self.head(status, {"Content-Type": "application/json", "Content-Length": str(len(body))})
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()

    def half(self, path: str, query: Dict[str, str]) -> None:
        self.begin_half(path, query)
        self.close_connection = True

    def stall_body(self, path: str, query: Dict[str, str]) -> None:
        self.begin_half(path, query)
        self.wait_for_end()

    def wait_for_end(self) -> None:
        """Until the client goes away."""
        self.close_connection = True
        self.connection.settimeout(60)
        try:
            self.connection.recv(1)
        except OSError:
            pass

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def endless(self) -> None:
        self.close_connection = True
        self.head(200, {"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
        self.chunk(b'{"messageId": "')
        while True:
            self.chunk(b"x" * 65536)

    def file(self, count: int, is_cut: bool) -> None:
        self.head(200, {"Content-Type": "application/octet-stream", "Content-Length": str(count),
                        "Content-Disposition": "attachment; filename=\"x.bin\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.bin"})
        for block in content(count // 2 if is_cut else count):
            self.wfile.write(block)
        self.close_connection = is_cut

    def events(self, word: str, count: int, query: Dict[str, str]) -> None:
        self.close_connection = True
        self.head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        if word == "events-huge":
            self.chunk(b"data: ")
            while True:
                self.chunk(b"x" * 1048576)
        last = int(self.headers.get("Last-Event-ID") or query.get("after") or 0)
        first = max(last, 1) if word == "events-again" else last + 1
        kind = "weather.changed" if word == "events-unknown" else "message.received"
        text = b": hello\n\n" + b"".join(event(it, kind) for it in range(first, first + count))
        if word == "events-cut":
            text += event(first + count, kind)[:40]
        # Odd pieces, so that a client cannot take one read for one event.
        for at in range(0, len(text), 37):
            self.chunk(text[at : at + 37])
        if word == "events-hold":
            self.wait_for_end()
        elif word != "events-cut":
            self.wfile.write(b"0\r\n\r\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main() -> None:
    server = Server(("127.0.0.1", 0), Handler)
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while os.read(0, 4096):
        pass


if __name__ == "__main__":
    main()
