"""Counts what held and what did not, and closes with `N passed, N failed`."""

import contextlib
import sys
import time
import traceback


class Checks:
    def __init__(self, only=()):
        """With words, only checks whose name has one of them in it are made."""
        self.only = list(only)
        self.passed = self.failed = self.skipped = 0

    def wanted(self, name):
        return not self.only or any(word in name for word in self.only)

    def check(self, name, run, *arguments):
        """Calls `run`; what it raises is a failure, and the checks go on."""
        if not self.wanted(name):
            return
        begun = time.monotonic()
        try:
            run(*arguments)
        except Exception as error:  # the one place where any failure of a check ends
            self.failed += 1
            told = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
            print(f"FAILED {name}: {told}", flush=True)
        else:
            self.passed += 1
            print(f"ok {name} ({time.monotonic() - begun:.1f} s)", flush=True)

    def skip(self, name, why):
        """What this machine has no tool for; said, never silent."""
        if self.wanted(name):
            self.skipped += 1
            print(f"skipped {name}: {why}", flush=True)

    def close(self):
        """The last line, and the status to exit with. That nothing was checked is a failure."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}")
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
        return 1 if self.failed or not self.passed else 0
