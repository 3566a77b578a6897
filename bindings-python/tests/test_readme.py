"""The README's programs are run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from gateway import Gateway, Session

README = Path(__file__).parents[1] / "README.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


def start(program: str, gateway: Gateway) -> subprocess.Popen[str]:
    environment = {**os.environ, "OPENWA_API_KEY": gateway.key, "OPENWA_BASE_URL": gateway.base}
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def test_the_first_message(gateway: Gateway) -> None:
    phone = gateway.phone("Ada")
    program = PROGRAMS[0].replace("http://127.0.0.1:2785", gateway.base).replace("15551234567", phone.number)
    assert len(program.strip().splitlines()) <= 14
    with start(program, gateway) as running:
        assert running.stdout is not None
        shown = ""
        while "Linked devices" not in shown:
            line = running.stdout.readline()
            assert line, running.communicate()[1]
            shown += line
        assert "█" in shown or "▀" in shown or "▄" in shown
        gateway.scan("shop")
        rest, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors
    assert rest.strip()
    assert phone.received("Your order ships today.") == 1


def test_asyncio(gateway: Gateway, session: Session) -> None:
    ada = gateway.phone("Ada")
    program = PROGRAMS[1].replace("the id of a session", session.id)
    # It follows from now on, and says nothing: it is written to until it answers.
    with start(program, gateway) as running:
        answered = False
        while running.poll() is None and not answered:
            ada.send(session.phone.chat, "echo")
            own = ada.messages()[-1]["sequence"]
            answered = any(not it["fromMe"] for it in ada.messages(wait=1000, after=own))
        running.terminate()
        errors = running.communicate(timeout=30)[1]
    assert answered, errors


def test_every_other_program_reads_as_python() -> None:
    for program in PROGRAMS:
        compile(program, "README.md", "exec")
