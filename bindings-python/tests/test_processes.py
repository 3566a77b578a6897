"""Threads, forks, signals and event loops: what a native module is known to get wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openwa
import pytest
from driver import KEY
from faulty import CHAT, SESSION, Faulty

IMPORT_LIMIT = 0.050
"""Seconds of processor time."""


def client(faulty: Faulty, steps: str, **options: Any) -> openwa.OpenWA:
    return openwa.OpenWA(KEY, base_url=faulty.says(steps).url, **options)


def test_the_interpreter_is_free_while_a_call_waits(faulty: Faulty) -> None:
    waiting = client(faulty, "slow:1")
    with ThreadPoolExecutor(1) as thread:
        call = thread.submit(waiting.messages.list, SESSION)
        turns = 0
        while not call.done():
            turns += 1
        assert call.result().total == 7
    # A call that kept the interpreter would leave this loop a handful of turns.
    assert turns > 1000


def test_calls_of_threads_overlap(faulty: Faulty) -> None:
    waiting = client(faulty, "slow:0.5")
    begun = time.monotonic()
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: waiting.messages.list(SESSION), range(16)))
    assert len(answers) == 16
    assert time.monotonic() - begun < 16 * 0.5 / 2


FIRST_CALLS = """
import sys, threading, openwa
from openwa import webhooks
shared = openwa.OpenWA("k", base_url=sys.argv[1])
calls = [
    lambda: shared.messages.list(sys.argv[2]),
    lambda: shared.sessions.list(),
    lambda: shared.chats.list(sys.argv[2]),
    lambda: next(shared.events()),
]
together, done = threading.Barrier(32), []

def call(number):
    together.wait()
    done.append(calls[number % 4]())

threads = [threading.Thread(target=call, args=(number,)) for number in range(32)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(done) == 32
"""


def test_first_calls_of_many_threads(faulty: Faulty) -> None:
    # What decoding takes is worked out by the first call of each kind, here by all threads at once.
    for _ in range(5):
        arguments = [faulty.says("ok").url, SESSION]
        program = FIRST_CALLS.replace(
            "shared.events()", f"openwa.OpenWA('k', base_url={faulty.says('events:1').url!r}).events()"
        )
        done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


def test_a_fork_has_a_client_of_its_own(faulty: Faulty) -> None:
    shared = client(faulty, "ok")
    copy = shared.with_options(timeout=10)
    assert shared.messages.list(SESSION).total == 7
    stream = shared.events()
    children = []
    # Some forks happen while other threads are in the middle of calls.
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            shared.messages.list(SESSION)

    threads = [threading.Thread(target=busy) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                ok = shared.messages.list(SESSION).total == copy.messages.list(SESSION).total == 7
                ok = ok and asyncio.run(asynchronous(shared.base_url)) == 7
                try:
                    next(stream)
                    ok = False
                except RuntimeError:
                    pass
                code = 0 if ok else 2
            finally:
                os._exit(code)
        children.append(child)
    codes = [waited(child) for child in children]
    stop.set()
    for thread in threads:
        thread.join()
    assert codes == [0] * 8
    assert shared.messages.list(SESSION).total == 7


async def asynchronous(base_url: str) -> int:
    async with openwa.AsyncOpenWA(KEY, base_url=base_url) as other:
        return (await other.messages.list(SESSION)).total


def waited(child: int) -> int:
    """The exit code of a child, which is ended when it hangs."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -signal.SIGKILL


def test_a_client_serves_one_loop_after_the_other(faulty: Faulty) -> None:
    shared = openwa.AsyncOpenWA(KEY, base_url=faulty.says("ok").url)

    async def call() -> int:
        return (await shared.messages.list(SESSION)).total

    assert [asyncio.run(call()) for _ in range(3)] == [7] * 3
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: asyncio.run(call()), range(32))) == [7] * 32


def test_a_loop_that_cannot_watch_sockets(faulty: Faulty) -> None:
    class Blind(asyncio.SelectorEventLoop):
        def add_reader(self, *args: Any) -> None:
            # What asyncio's own machinery needs goes another way.
            raise NotImplementedError

    loop = Blind()
    shared = openwa.AsyncOpenWA(KEY, base_url=faulty.says("ok").url)

    async def calls() -> int:
        answers = await asyncio.gather(*(shared.messages.list(SESSION) for _ in range(50)))
        return sum(it.total for it in answers)

    assert loop.run_until_complete(calls()) == 350
    loop.close()


def test_a_cancelled_wait_loses_no_event(faulty: Faulty) -> None:
    async def follow() -> list[int]:
        async with openwa.AsyncOpenWA(KEY, base_url=faulty.says("events:50+stall").url) as shared:
            stream = shared.events()
            seen: list[int] = []
            while len(seen) < 50:
                wait = asyncio.ensure_future(stream.__anext__())
                await asyncio.sleep(0)
                if len(seen) % 2 and wait.cancel():
                    try:
                        seen.append((await wait).seq)
                    except asyncio.CancelledError:
                        # Asked again, and this time waited for.
                        seen.append((await stream.__anext__()).seq)
                else:
                    seen.append((await wait).seq)
            return seen

    assert asyncio.run(follow()) == list(range(1, 51))


def test_a_cancelled_call_is_ended(faulty: Faulty) -> None:
    async def cancelled() -> None:
        async with openwa.AsyncOpenWA(KEY, base_url=faulty.says("stall").url) as shared:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(shared.messages.list(SESSION), 0.2)
            calls = [asyncio.ensure_future(shared.messages.list(SESSION)) for _ in range(20)]
            await asyncio.sleep(0)
            for call in calls:
                call.cancel()
            assert all(
                isinstance(it, asyncio.CancelledError) for it in await asyncio.gather(*calls, return_exceptions=True)
            )

    asyncio.run(cancelled())


def test_the_process_ends_while_calls_are_under_way(faulty: Faulty) -> None:
    program = f"""
import asyncio, openwa, threading
url = {faulty.says("stall").url!r}
waiting = openwa.OpenWA("k", base_url=url)
threading.Thread(target=waiting.messages.list, args=({SESSION!r},), daemon=True).start()
async def main():
    shared = openwa.AsyncOpenWA("k", base_url=url)
    asyncio.ensure_future(shared.messages.send_document({SESSION!r}, chat_id={CHAT!r}, file=open("/dev/zero", "rb")))
    asyncio.ensure_future(shared.messages.list({SESSION!r}))
    asyncio.ensure_future(shared.events().__anext__())
    await asyncio.sleep(0.2)
asyncio.run(main())
print("done")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


def test_errors_survive_pickling(faulty: Faulty) -> None:
    import pickle

    with pytest.raises(openwa.OpenWANotFoundError) as caught:
        client(faulty, "404:SESSION_NOT_FOUND").messages.list(SESSION)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is type(caught.value) and str(again) == str(caught.value)
    assert (again.status, again.code, again.body) == (404, "SESSION_NOT_FOUND", caught.value.body)


MEASURED = """
import time
begun = time.process_time()
{}
print(time.process_time() - begun)
"""


@pytest.mark.parametrize(
    ("before", "measured"),
    [
        ("pass", "import openwa"),
        # What others bring is not ours to make faster: it is imported before.
        ("import msgspec", "import openwa; openwa.OpenWA; openwa.OpenWAError"),
        ("import msgspec, asyncio", "import openwa; openwa.AsyncOpenWA; openwa.OpenWAError"),
    ],
)
def test_import_time(before: str, measured: str) -> None:
    best = float("inf")
    for _ in range(10):
        program = before + MEASURED.format(measured)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        best = min(best, float(done.stdout))
    assert best < IMPORT_LIMIT
