"""`OpenWAClient` beside OpenWA's own Python SDK: the same names, the same requests, the same answers.

Both are called `openwa`, so that SDK lives in an environment of its own, and both run the same programs.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Dict, Iterator, List
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
from gateway import Gateway, Session

PROGRAMS = Path(__file__).parent / "original"


def run(interpreter: str, program: str, *arguments: str) -> Any:
    done = subprocess.run(
        [interpreter, str(PROGRAMS / program), *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
        env={"PYTHONPATH": ""} if interpreter != sys.executable else None,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def original() -> str:
    return os.environ["OPENWA_ORIGINAL_PYTHON"]


def test_every_public_name_is_there(original: str) -> None:
    theirs, ours = run(original, "surface.py"), run(sys.executable, "surface.py")
    assert set(theirs["names"]) <= set(ours["names"])
    assert theirs["functions"].items() <= ours["functions"].items()
    assert theirs["resources"] == ours["resources"]
    assert sum(len(it["methods"]) for it in theirs["resources"].values()) >= 140
    for name, expected in theirs["classes"].items():
        found = ours["classes"][name]
        assert found["takes"] == expected["takes"], name
        assert found["members"] == expected["members"], name
        assert [it for it in found["bases"] if it in expected["bases"]] == expected["bases"], name


FAILURE = {"statusCode": 400, "message": ["first", "second"], "error": "Bad Request", "code": "SOME_CODE"}

ANSWERS: Dict[str, Any] = {
    **{str(status): (status, {**FAILURE, "statusCode": status}, {}) for status in (400, 401, 403, 404, 409, 413, 422)},
    **{str(status): (status, {**FAILURE, "statusCode": status}, {}) for status in (500, 501, 502, 503, 504)},
    "429": (429, {**FAILURE, "statusCode": 429}, {"Retry-After": "7"}),
    "429-body": (429, {**FAILURE, "statusCode": 429, "retryAfterSeconds": 1.2}, {"Retry-After": "7"}),
    "429-past": (429, {}, {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}),
    "429-odd": (429, {}, {"Retry-After": "soon"}),
    "bare": (502, "", {}),
    "page": (503, "<h1>down</h1>", {}),
    "other-json": (400, {"detail": "no"}, {}),
    "no-message": (404, {"statusCode": 404}, {}),
    "redirect": (302, "", {"Location": "/ok/stolen"}),
    "nothing": (204, "", {}),
    "empty": (200, "", {}),
    "text": (200, "plain text \u00fc", {}),
    "number": (200, 5, {}),
    "null": (200, None, {}),
}


class Recorder(ThreadingHTTPServer):
    """Answers as it is asked to, and keeps what is asked under the label that was given last."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.label = ""
        self.asked: List[Dict[str, Any]] = []
        self.ended = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: Recorder

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        _, answer, path = self.path.split("/", 2)
        if path == "label":
            self.server.label = json.loads(body)["label"]
        elif answer == "ok":
            split = urlsplit(path)
            self.server.asked.append(
                {
                    "label": self.server.label,
                    "method": self.command,
                    "path": split.path,
                    "query": parse_qsl(split.query, keep_blank_values=True),
                    "body": json.loads(body) if body else None,
                    "headers": {
                        name: self.headers.get(name)
                        for name in ("X-API-Key", "Content-Type", "X-Tenant", "Idempotency-Key", "Authorization")
                    },
                }
            )
        if answer == "stall":
            self.server.ended.wait(30)
            self.close_connection = True
            return
        status, content, headers = ANSWERS.get(answer, (200, {"asked": path}, {}))
        text = content if isinstance(content, str) else json.dumps(content)
        self.send_response(status)
        kind = "text/plain; charset=utf-8" if isinstance(content, str) else "application/json"
        for name, value in {"Content-Type": kind, "X-Kind": answer, **headers}.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as recorder:
        threading.Thread(target=recorder.serve_forever, daemon=True).start()
        yield recorder
        recorder.ended.set()
        recorder.shutdown()


def test_every_method_asks_and_answers_the_same(original: str, recorder: Recorder) -> None:
    base = f"http://127.0.0.1:{recorder.server_port}"
    answers = json.dumps([*ANSWERS, "stall"])
    brought, asked = [], []
    for interpreter in (original, sys.executable):
        brought.append(run(interpreter, "requests.py", base, answers))
        asked.append(recorder.asked)
        recorder.asked = []
    assert len(asked[0]) > 280
    for theirs, ours in zip(*asked):
        assert ours == theirs
    assert len(asked[0]) == len(asked[1])
    assert brought[0].keys() == brought[1].keys()
    for label, expected in brought[0].items():
        assert brought[1][label] == expected, label


VOLATILE = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<moment>"),
    (re.compile(r"\b3EB0[0-9A-F]+"), "<message>"),
    (re.compile(r"\b\d+@lid\b"), "<hidden id>"),
]


def steady(value: Any, place: str = "") -> Any:
    """The same without what is another each time."""
    if isinstance(value, dict):
        return {name: steady(it, name) for name, it in value.items()}
    if isinstance(value, list):
        return [steady(it, place) for it in value]
    if isinstance(value, str):
        for pattern, instead in VOLATILE:
            value = pattern.sub(instead, value)
        return value
    # Counts and times of a gateway that goes on between the two runs.
    is_count = place in ("timestamp", "total", "active", "disconnected", "created", "rss", "heapUsed", "heapTotal")
    return type(value).__name__ if is_count else value


def test_a_real_gateway_answers_the_same(original: str, gateway: Gateway, session: Session) -> None:
    brought = []
    for interpreter in (original, sys.executable):
        name, chat = f"s-{uuid4()}", gateway.phone("Ada")
        answers = run(interpreter, "gateway.py", gateway.base, gateway.key, session.id, chat.chat, name)
        text = json.dumps(answers).replace(name, "<name>").replace(chat.number, "<number>")
        brought.append(steady(json.loads(text)))
    assert brought[0]["the same"] is True
    assert brought[0]["gone"]["raised"] == "OpenWANotFoundError"
    for label, expected in brought[0].items():
        assert brought[1][label] == expected, label
    assert brought[0].keys() == brought[1].keys()
