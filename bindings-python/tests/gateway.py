"""A real gateway on a sandbox network of its own, and the phones of that network."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Any, Dict, List, Optional

from openwa import OpenWA, events

LISTENING = "is listening on "
"""What the program says once it takes requests."""


class Gateway:
    """The program in a folder of its own. Started again, it goes on where it was."""

    def __init__(self, folder: Path, environment: Optional[Dict[str, str]] = None) -> None:
        self._folder = folder
        self._environment = environment or {}
        self._port = 0
        self.base = ""
        self.start()

    def start(self) -> None:
        """Starts it and waits until it takes requests."""
        program = os.environ["OPENWA_BINARY"]
        data = self._folder / "data"
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._log = open(self._folder / "log", "ab")
        self._process = subprocess.Popen(
            [program, "serve", "--sandbox", "--port", str(self._port)],
            cwd=self._folder,
            env={**inherited, "DATA_DIR": str(data), **self._environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text = line.decode()
            if LISTENING in text:
                self.base = text.split(LISTENING, 1)[1].split()[0]
                break
        else:
            raise AssertionError(f"{program} did not start: {(self._folder / 'log').read_text()}")
        self._port = int(self.base.rsplit(":", 1)[1])
        self.key = (data / ".api-key").read_text().strip()

    def stop(self) -> None:
        """Ends it as a service manager does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it as a power cut does."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        self._process.send_signal(how)
        self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def client(self, **options: Any) -> OpenWA:
        """A client with the first key."""
        return OpenWA(self.key, base_url=self.base, **options)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Asks the control API of the sandbox."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.base}/sandbox{path}", data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def phone(self, name: str) -> Phone:
        """A new phone that does nothing by itself."""
        return Phone(self, self.control("POST", "/phones", {"name": name}))

    def scan(self, name: str) -> Phone:
        """Holds the camera of a phone over the code of a session that waits to be linked."""
        with self.client() as client:
            (session,) = client.sessions.list(name=name)
            code = client.request("GET", f"/api/sessions/{session.id}/qr", query={"format": "raw"})
        return Phone(self, self.control("POST", "/scan", {"qr": code.body.decode()}))

    def session(self, name: str) -> Session:
        """A new session, linked to a phone of its own and ready."""
        with self.client() as client:
            session = client.sessions.create(name=name)
            with client.events(session_id=session.id, after=0) as stream:
                client.sessions.start(session.id)
                for event in stream:
                    if isinstance(event, events.SessionQr):
                        phone = self.scan(name)
                    if isinstance(event, events.SessionStatus) and event.data.status == "ready":
                        break
            return Session(session.id, phone)


class Phone:
    """A phone of the sandbox network."""

    def __init__(self, gateway: Gateway, told: Dict[str, Any]) -> None:
        self._gateway = gateway
        self.id: str = told["id"]
        self.number: str = told["number"]
        self.chat = f"{self.number}@c.us"

    def send(self, chat: str, text: str) -> None:
        """Writes a text."""
        self._gateway.control("POST", f"/phones/{self.id}/messages", {"chat": chat, "text": text})

    def messages(self, wait: int = 0, after: int = 0) -> List[Dict[str, Any]]:
        """What it sent and received after that place; when there is nothing yet, within so many milliseconds."""
        messages: List[Dict[str, Any]] = self._gateway.control(
            "GET", f"/phones/{self.id}/messages?wait={wait}&after={after}"
        )
        return messages

    def received(self, text: str) -> int:
        """Waits for a text, and says how often it is there."""
        seen: List[Dict[str, Any]] = []
        while not any(text in json.dumps(it, ensure_ascii=False) for it in seen):
            new = self.messages(20_000, seen[-1]["sequence"] if seen else 0)
            assert new, f"{text!r} did not arrive; there is {seen}"
            seen += new
        return sum(text in json.dumps(it, ensure_ascii=False) for it in seen)


class Session:
    """A session that is ready, and the phone it is linked to."""

    def __init__(self, id: str, phone: Phone) -> None:
        self.id = id
        self.phone = phone
