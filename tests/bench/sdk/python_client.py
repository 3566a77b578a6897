"""Measures one Python client on one kind of call, and prints the figures as one line of JSON.

    python_client.py CLIENT MODE CALL SECONDS

CLIENT is a function below, MODE `one` (one call after another), `threads` or `tasks` (32 at a time), CALL one
of `session`, `messages`, `long`, `events`. The processor time is that of all threads of this process.
"""

import asyncio
import json
import os
import resource
import sys
import threading
import time

AT_A_TIME = 32
BASE, KEY = os.environ["OPENWA_BASE_URL"], os.environ["OPENWA_API_KEY"]
SESSION = os.environ["SESSION_ID"]
MESSAGES, LONG, EVENTS = (int(os.environ[name]) for name in ("MESSAGES", "LONG", "EVENTS"))
PATHS = {
    "session": f"/api/sessions/{SESSION}",
    "messages": f"/api/sessions/{SESSION}/messages?limit={MESSAGES}",
    "long": f"/api/sessions/{SESSION}/messages?limit={LONG}",
    "events": f"/api/sessions/{SESSION}/events?limit={EVENTS}",
}


def openwa(call):
    """Our package, typed results."""
    from openwa import OpenWA

    client = OpenWA(base_url=BASE, api_key=KEY)
    return {
        "session": lambda: client.sessions.get(SESSION),
        "messages": lambda: client.messages.list(SESSION, limit=MESSAGES),
        "long": lambda: client.messages.list(SESSION, limit=LONG),
        "events": lambda: client.events.list(SESSION, limit=EVENTS),
    }[call]


def openwa_asyncio(call):
    """Our package under asyncio."""
    from openwa import AsyncOpenWA

    client = AsyncOpenWA(base_url=BASE, api_key=KEY)
    return {
        "session": lambda: client.sessions.get(SESSION),
        "messages": lambda: client.messages.list(SESSION, limit=MESSAGES),
        "long": lambda: client.messages.list(SESSION, limit=LONG),
        "events": lambda: client.events.list(SESSION, limit=EVENTS),
    }[call]


def openwa_client(call):
    """Our package through the class with the names of OpenWA's SDK; or, where that one is installed, OpenWA's SDK."""
    from openwa import OpenWAClient

    client = OpenWAClient(BASE, KEY)
    return {
        "session": lambda: client.sessions.get(SESSION),
        "messages": lambda: client.messages.list(SESSION, {"limit": MESSAGES}),
        "long": lambda: client.messages.list(SESSION, {"limit": LONG}),
        "events": lambda: client.request("GET", f"/api/sessions/{SESSION}/events", query={"limit": EVENTS}),
    }[call]


def requests(call):
    import requests

    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=AT_A_TIME))
    session.headers["X-API-Key"] = KEY

    def get():
        answer = session.get(BASE + PATHS[call], timeout=30)
        answer.raise_for_status()
        return answer.json()

    return get


def httpx(call):
    import httpx

    client = httpx.Client(base_url=BASE, headers={"X-API-Key": KEY}, timeout=30)
    return lambda: client.get(PATHS[call]).raise_for_status().json()


def httpx_asyncio(call):
    import httpx

    client = httpx.AsyncClient(base_url=BASE, headers={"X-API-Key": KEY}, timeout=30)

    async def get():
        return (await client.get(PATHS[call])).raise_for_status().json()

    return get


def aiohttp(call):
    import aiohttp

    client = aiohttp.ClientSession(
        BASE, headers={"X-API-Key": KEY}, timeout=aiohttp.ClientTimeout(30), raise_for_status=True
    )

    async def get():
        async with client.get(PATHS[call]) as answer:
            return await answer.json()

    return get


ASYNC = {"openwa_asyncio", "httpx_asyncio", "aiohttp"}
CLIENTS = {it.__name__: it for it in (openwa, openwa_asyncio, openwa_client, requests, httpx, httpx_asyncio, aiohttp)}


class Measure:
    """Counts calls until the time is over, one at least; a third of it goes before, for connections and caches."""

    def __init__(self, seconds):
        self.calls = 0
        self.begin = time.perf_counter() + seconds / 3
        self.end = self.begin + seconds
        self._processor = None
        self._lock = threading.Lock()

    def goes_on(self):
        """Asked before each call."""
        now = time.perf_counter()
        if now >= self.end and self.calls:
            return False
        if now >= self.begin:
            with self._lock:
                if self._processor is None:
                    self.begin, self._processor = now, processor()
                self.calls += 1
        return True

    def figures(self):
        wall = time.perf_counter() - self.begin
        return {"per_second": self.calls / wall, "processor_us": (processor() - self._processor) / self.calls * 1e6}


def processor():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def sync(call, workers, seconds):
    measure = Measure(seconds)

    def work():
        while measure.goes_on():
            call()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return measure.figures()


async def tasks(make, kind, workers, seconds):
    call = make(kind)
    measure = Measure(seconds)

    async def work():
        while measure.goes_on():
            await call()

    await asyncio.gather(*(work() for _ in range(workers)))
    return measure.figures()


def main():
    client, mode, kind, seconds = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
    workers = 1 if mode == "one" else AT_A_TIME
    if client in ASYNC:
        figures = asyncio.run(tasks(CLIENTS[client], kind, workers, seconds))
    else:
        figures = sync(CLIENTS[client](kind), workers, seconds)
    print(json.dumps(figures), flush=True)
    # What a client leaves open, such as a session without `close`, is not what is measured.
    os._exit(0)


main()
