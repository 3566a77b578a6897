"""A whole gateway under test: the real program in a folder of its own, with a network inside."""

import http.client
import json
import os
import shutil
import tempfile
import time
import urllib.parse
from pathlib import Path

from .phone import Phone
from .program import LIMIT, Program

REPOSITORY = Path(__file__).resolve().parents[2]


class Failed(Exception):
    """An answer that is no success."""

    def __init__(self, asked, status, body):
        super().__init__(f"{asked} answered {status}: {body[:500]}")
        self.status = status


def binary():
    """Where the program is: `OPENWA_BINARY`, else where `cargo b` puts it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    path = Path(os.environ.get("OPENWA_BINARY", target / "debug/openwa"))
    if not path.exists():
        raise SystemExit(f"{path} is not there: build it first with `cargo b`, or set OPENWA_BINARY")
    return path


class Gateway:
    """Runs within a `with` block; its folder vanishes after it."""

    def __init__(self, environment=None):
        self.folder = Path(tempfile.mkdtemp(prefix="openwa-"))
        settings = {"LOG_LEVEL": "warn", "DATA_DIR": str(self.folder / "data"), **(environment or {})}
        self._program = Program([binary(), "serve", "--sandbox", "--port", "0"], self.folder, settings)
        try:
            line = self._program.says("is listening on ")
            self.base = line.split("is listening on ")[1].strip()
            self.key = (self.folder / "data/.api-key").read_text().strip()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._program.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self):
        """What every client reads."""
        return {"OPENWA_BASE_URL": self.base, "OPENWA_API_KEY": self.key}

    def call(self, method, path, body=None):
        """One request, and its answer: the JSON in it, else the text, or nothing."""
        connection, response = self._open(method, path, body)
        try:
            text = response.read().decode()
            if response.status >= 400:
                raise Failed(f"{method} {path}", response.status, text)
            is_json = response.getheader("Content-Type", "").startswith("application/json")
            return json.loads(text) if is_json else text or None
        finally:
            connection.close()

    def _open(self, method, path, body=None):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.base).netloc, timeout=LIMIT)
        headers = {"X-API-Key": self.key}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        connection.request(method, path, body, headers)
        return connection, connection.getresponse()

    def phone(self, name, **options):
        """A new phone; `number` and `script` (`silent`, `auto-read`, `echo`) as options."""
        return Phone(self, self.call("POST", "/sandbox/phones", {"name": name, **options}))

    def link(self, name):
        """A session that is linked to a phone of its own and ready."""
        phone = self.phone(name)
        session = Session(self, self.call("POST", "/api/sessions", {"name": name})["id"], phone)
        self.call("POST", f"/api/sessions/{session.id}/start")
        session.wait_for("session.qr", lambda data: True)
        code = self.call("GET", f"/api/sessions/{session.id}/qr?format=raw").strip()
        self.call("POST", f"/sandbox/phones/{phone.id}/scan", {"qr": code})
        session.wait_for("session.status", lambda data: data["status"] == "ready")
        return session


class Session:
    """A session of a gateway, and the phone it is linked to."""

    def __init__(self, gateway, id, phone):
        self.gateway, self.id, self.phone = gateway, id, phone

    def events(self, after=0, limit=LIMIT):
        """Its events from the log's beginning, or after a position, as they come, for so many seconds."""
        end = time.monotonic() + limit
        path = f"/api/events/stream?sessionId={self.id}&after={after}"
        connection, response = self.gateway._open("GET", path)
        try:
            if response.status != 200:
                raise Failed(f"GET {path}", response.status, response.read().decode())
            for line in response:
                if line.startswith(b"data:"):
                    yield json.loads(line[len(b"data:") :])
                # A silent stream still has comments, so this is looked at now and then.
                if time.monotonic() > end:
                    return
        finally:
            connection.close()

    def wait_for(self, event, fits):
        """The data of the first event of this type that fits."""
        for it in self.events():
            if it["event"] == event and fits(it["data"]):
                return it["data"]
        raise AssertionError(f"{event} did not come within {LIMIT} s, or the stream ended before")
