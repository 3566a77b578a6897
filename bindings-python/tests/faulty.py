"""The gateway that misbehaves on demand, of `tests/sdk/faulty_server.py`."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from itertools import count
from pathlib import Path
from typing import Any, Dict, List

PROGRAM = Path(__file__).parents[2] / "tests/sdk/faulty_server.py"

SESSION = "0199a8c5-4e00-7c3a-9d1e-5b6f7a8c9d0e"
CHAT = "15550000002@c.us"


class Faulty:
    """The server. It ends when its standard input does."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._base = f"http://127.0.0.1:{json.loads(self._process.stdout.readline())['port']}"
        self._names = count(1)

    def stop(self) -> None:
        """Ends it."""
        self._process.communicate(timeout=10)

    def says(self, steps: str) -> Scene:
        """What it does for one test."""
        return Scene(self._base, f"t{next(self._names)}", steps)


class Scene:
    """A base URL of one test's own, and what was asked there."""

    def __init__(self, base: str, name: str, steps: str) -> None:
        self._base = base
        self._name = name
        self.url = f"{base}/{name}/{steps}"

    def log(self) -> List[Dict[str, Any]]:
        """What was asked, in order."""
        return self.asked(self._name)

    def asked(self, name: str) -> List[Dict[str, Any]]:
        """What was asked under any name."""
        with urllib.request.urlopen(f"{self._base}/log/{name}", timeout=10) as answer:
            log: List[Dict[str, Any]] = json.load(answer)
        return log
