"""A program under test as a child process, and what it says."""

import os
import queue
import signal
import subprocess
import threading
import time

# Longer than anything takes on a busy machine; only ever reached by a failing test.
LIMIT = 60.0

# The last lines that are kept to be shown when a test fails.
KEPT_LINES = 200


class Program:
    """Started at once; ended, with all that it started, when the `with` block is left."""

    def __init__(self, command, folder=None, environment=None):
        self.command = [str(part) for part in command]
        # Standard error goes into the same lines: they are shown when something fails.
        self.process = subprocess.Popen(
            self.command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self.lines = []
        self._unread = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            line = line.rstrip("\n")
            self.lines.append(line)
            del self.lines[:-KEPT_LINES]
            self._unread.put(line)
        self._unread.put(None)

    def says(self, text, limit=LIMIT):
        """Reads on until a line has this text in it, and answers the line."""
        end = time.monotonic() + limit
        while True:
            try:
                line = self._unread.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{self.name()} did not say {text!r} within {limit} s:\n{self.log()}") from None
            if line is None:
                raise AssertionError(f"{self.name()} ended before it said {text!r}:\n{self.log()}")
            if text in line:
                return line

    def succeeds(self, limit=LIMIT):
        """Waits until it ends by itself without a failure, and answers all that it said."""
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name()} did not end within {limit} s:\n{self.log()}") from None
        self._reader.join(limit)
        if status != 0:
            raise AssertionError(f"{self.name()} ended with {status}:\n{self.log()}")
        return self.log()

    def end(self):
        """SIGTERM to all that it started, and SIGKILL to what is left after ten seconds."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, how)
            except ProcessLookupError:
                break
            try:
                self.process.wait(10)
                break
            except subprocess.TimeoutExpired:
                continue
        self._reader.join(10)

    def log(self):
        return "\n".join(self.lines)

    def name(self):
        return " ".join(self.command)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def run(command, folder=None, environment=None, limit=LIMIT):
    """Runs a program to its end and answers what it said; a failure of it is one of the test."""
    with Program(command, folder, environment) as program:
        return program.succeeds(limit)
