"""The behaviours of `tests/sdk/behaviours.md` that are seen at a gateway that misbehaves."""

from __future__ import annotations

import hashlib
import http.server
import json
import socket
import threading
import time
from contextlib import contextmanager
from email.message import Message
from io import BytesIO
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import openwa
import pytest
from conftest import Driver
from driver import KEY
from faulty import CHAT, SESSION, Faulty, Scene
from openwa import errors, events, types


def read(client: Any) -> Any:
    return client.messages.list(SESSION)


def send(client: Any, **more: Any) -> Any:
    return client.messages.send_text(SESSION, chat_id=CHAT, text="hello", **more)


def write(client: Any) -> Any:
    return client.chats.mark_read(SESSION, chat_id=CHAT)


def keys(scene: Scene) -> List[str]:
    return [it["headers"].get("idempotency-key") for it in scene.log()]


def nobody() -> str:
    """An address nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def answering(body: bytes, asked: Optional[List[str]] = None) -> Iterator[str]:
    """The address of a server that has one answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if asked is not None:
                asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class TestRetries:
    def test_retry_read(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("503:DRAINING+drop+ok")
        assert driver.run(read(driver.client(scene.url))).total == 7
        assert len(scene.log()) == 3

    def test_retry_half_answer(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("half+ok")
        assert driver.run(read(driver.client(scene.url))).total == 7
        assert len(scene.log()) == 2

    def test_retry_send(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("drop+503:UNCONFIRMED+ok")
        assert driver.run(send(driver.client(scene.url))).message_id == "3EB0C0FFEE"
        assert len(scene.log()) == 3
        assert len(set(keys(scene))) == 1 and keys(scene)[0]

    def test_retry_in_progress(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("drop+409:IDEMPOTENCY_KEY_IN_PROGRESS+ok")
        driver.run(send(driver.client(scene.url)))
        assert len(scene.log()) == 3

    def test_retry_first_in_progress(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("409:IDEMPOTENCY_KEY_IN_PROGRESS")
        with pytest.raises(openwa.OpenWAConflictError):
            driver.run(send(driver.client(scene.url)))
        assert len(scene.log()) == 1

    def test_retry_after(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("429:RATE_LIMITED:1+ok")
        begun = time.monotonic()
        driver.run(read(driver.client(scene.url)))
        assert time.monotonic() - begun >= 1
        assert len(scene.log()) == 2

    def test_retry_after_date(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("date:429:2+ok")
        begun = time.monotonic()
        driver.run(read(driver.client(scene.url)))
        # A date has whole seconds.
        assert time.monotonic() - begun >= 0.9

    def test_retry_after_too_long(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("429:RATE_LIMITED:3600")
        with pytest.raises(openwa.OpenWARateLimitError) as caught:
            driver.run(read(driver.client(scene.url)))
        assert caught.value.retry_after == caught.value.retry_after_seconds == 3600
        assert len(scene.log()) == 1

    def test_retry_ends(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("503")
        with pytest.raises(openwa.OpenWAServiceUnavailableError):
            driver.run(read(driver.client(scene.url)))
        assert len(scene.log()) == 3

    def test_retry_none(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("503")
        with pytest.raises(openwa.OpenWAServiceUnavailableError):
            driver.run(read(driver.client(scene.url, max_retries=0)))
        with pytest.raises(openwa.OpenWAServiceUnavailableError):
            driver.run(read(driver.client(scene.url).with_options(max_retries=0)))
        assert len(scene.log()) == 2

    def test_retry_write(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("drop")
        with pytest.raises(openwa.OpenWAConnectionError):
            driver.run(write(driver.client(scene.url)))
        assert len(scene.log()) == 1

    def test_retry_refused(self, driver: Driver) -> None:
        begun = time.monotonic()
        with pytest.raises(openwa.OpenWAConnectionError):
            driver.run(write(driver.client(nobody())))
        # Half a second and a second, each less at most a half.
        assert time.monotonic() - begun >= 0.5

    def test_retry_client_error(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("400:INVALID_INPUT")
        with pytest.raises(openwa.OpenWAInvalidRequestError):
            driver.run(read(driver.client(scene.url)))
        assert len(scene.log()) == 1


class TestIdempotency:
    def test_idempotency_fresh(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("ok")
        client = driver.client(scene.url)
        for _ in range(2):
            driver.run(send(client))
        first, second = keys(scene)
        assert first != second
        assert all(1 <= len(it) <= 255 and all("!" <= letter <= "~" for letter in it) for it in (first, second))

    def test_idempotency_given(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("ok")
        driver.run(send(driver.client(scene.url), idempotency_key="order-1"))
        assert keys(scene) == ["order-1"]


class TestPaging:
    def test_paging_offset(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("ok")
        found = driver.collect(driver.client(scene.url).messages.iterate(SESSION, page_size=3))
        assert [it.wa_message_id for it in found] == [f"3EB0{number:04d}" for number in range(7)]
        assert [it["query"]["offset"] for it in scene.log()] == ["0", "3", "6"]

    def test_paging_stop(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("ok")
        found = driver.collect(driver.client(scene.url).messages.iterate(SESSION, page_size=3), 2)
        assert len(found) == 2
        assert len(scene.log()) == 1

    def test_paging_error(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("ok+400")
        found: List[Any] = []
        with pytest.raises(openwa.OpenWAInvalidRequestError):
            if driver.language == "threads":
                for item in driver.client(scene.url).messages.iterate(SESSION, page_size=3):
                    found.append(item)
            else:

                async def iterate() -> None:
                    async for item in driver.client(scene.url).messages.iterate(SESSION, page_size=3):
                        found.append(item)

                driver.run(iterate())
        assert len(found) == 3


STATUSES = {
    400: ("invalid_request", openwa.OpenWAInvalidRequestError),
    401: ("authentication", openwa.OpenWAAuthError),
    403: ("forbidden", openwa.OpenWAForbiddenError),
    404: ("not_found", openwa.OpenWANotFoundError),
    409: ("conflict", openwa.OpenWAConflictError),
    422: ("invalid_request", openwa.OpenWAInvalidRequestError),
    429: ("rate_limited", openwa.OpenWARateLimitError),
    500: ("server", openwa.OpenWAServerError),
    501: ("not_implemented", openwa.OpenWANotImplementedError),
    502: ("unavailable", openwa.OpenWAServiceUnavailableError),
    503: ("unavailable", openwa.OpenWAServiceUnavailableError),
    504: ("unavailable", openwa.OpenWAServiceUnavailableError),
}


class TestErrors:
    @pytest.mark.parametrize("status", STATUSES)
    def test_error_kinds(self, driver: Driver, faulty: Faulty, status: int) -> None:
        kind, expected = STATUSES[status]
        client = driver.client(faulty.says(f"{status}:SOME_CODE").url, max_retries=0)
        with pytest.raises(expected) as caught:
            driver.run(read(client))
        error = caught.value
        assert (type(error), error.kind, error.status, error.code) == (expected, kind, status, "SOME_CODE")
        assert error.message == f"asked to fail with {status}"
        assert error.request_id and error.request_id.startswith("faulty-")
        assert error.headers and error.headers["x-request-id"] == error.request_id
        assert error.body["statusCode"] == status and json.loads(error.raw_body) == error.body
        assert isinstance(error, openwa.OpenWAApiError) and error.error_kind == error.body["error"]

    def test_error_connection(self, driver: Driver) -> None:
        with pytest.raises(openwa.OpenWAConnectionError, match="base URL") as caught:
            driver.run(read(driver.client(nobody(), max_retries=0)))
        assert isinstance(caught.value, ConnectionError) and caught.value.status is None

    def test_error_timeout(self, driver: Driver, faulty: Faulty) -> None:
        self.times_out(driver, faulty, "stall")

    def test_error_timeout_body(self, driver: Driver, faulty: Faulty) -> None:
        self.times_out(driver, faulty, "stall-body")

    def times_out(self, driver: Driver, faulty: Faulty, step: str) -> None:
        client = driver.client(faulty.says(step).url, timeout=0.3, max_retries=0)
        begun = time.monotonic()
        with pytest.raises(openwa.OpenWATimeoutError) as caught:
            driver.run(read(client))
        assert 0.3 <= time.monotonic() - begun < 5
        assert isinstance(caught.value, TimeoutError)

    def test_error_garbage(self, driver: Driver, faulty: Faulty) -> None:
        with pytest.raises(openwa.OpenWADecodeError) as caught:
            driver.run(read(driver.client(faulty.says("garbage").url)))
        assert caught.value.status == 200

    def test_error_html(self, driver: Driver, faulty: Faulty) -> None:
        with pytest.raises(openwa.OpenWADecodeError, match="base URL"):
            driver.run(read(driver.client(faulty.says("html").url)))

    def test_error_endless(self, driver: Driver, faulty: Faulty) -> None:
        client = driver.client(faulty.says("endless").url, longest_answer=1024 * 1024)
        before = resident()
        with pytest.raises(openwa.OpenWADecodeError):
            driver.run(send(client))
        assert resident() - before < 16 * 1024 * 1024

    def test_error_redirect(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("redirect")
        with pytest.raises(openwa.OpenWAConfigurationError, match="stolen"):
            driver.run(read(driver.client(scene.url)))
        assert scene.asked("stolen") == []

    def test_error_secret(self, driver: Driver, faulty: Faulty) -> None:
        client = driver.client(faulty.says("401").url)
        with pytest.raises(openwa.OpenWAAuthError) as caught:
            driver.run(read(client))
        assert KEY not in f"{caught.value} {caught.value!r} {client} {client!r} {vars(caught.value)}"

    def test_error_local(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("ok")
        client = driver.client(scene.url)
        for bad in ("", ".", ".."):
            with pytest.raises(openwa.OpenWAConfigurationError):
                driver.run(client.messages.list(bad))
        assert scene.log() == []


class TestCalls:
    def test_call_headers(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("ok")
        driver.run(read(driver.client(scene.url, headers={"X-Tenant": "a"})))
        driver.run(read(driver.client(scene.url).with_options(headers={"X-Tenant": "b"})))
        first, second = (it["headers"] for it in scene.log())
        assert first["x-api-key"] == second["x-api-key"] == KEY
        assert (first["x-tenant"], second["x-tenant"]) == ("a", "b")
        assert first["user-agent"].startswith("openwa-python/")

    def test_call_timeout(self, driver: Driver, faulty: Faulty) -> None:
        client = driver.client(faulty.says("slow:1").url, timeout=0.2, max_retries=0)
        assert driver.run(client.messages.list(SESSION, timeout=5)).total == 7

    def test_call_proxy(self, driver: Driver) -> None:
        asked: List[str] = []
        with answering(b'{"messages": [], "total": 0}', asked) as proxy:
            client = driver.client("http://gateway.test", proxy=proxy)
            assert driver.run(read(client)).total == 0
        assert asked == [f"http://gateway.test/api/sessions/{SESSION}/messages"]

    def test_call_parallel(self, driver: Driver, faulty: Faulty) -> None:
        client = driver.client(faulty.says("ok").url)
        answers = driver.parallel(lambda: read(client), 64)
        assert [it.total for it in answers] == [7] * 64

    def test_cancel(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("stall+ok")
        client = driver.client(scene.url)

        def begun() -> None:
            deadline = time.monotonic() + 10
            while not scene.log() and time.monotonic() < deadline:
                pass

        moment = time.monotonic()
        with pytest.raises(driver.cancelled):
            driver.cancel(lambda: read(client), begun)
        assert time.monotonic() - moment < 10
        assert driver.run(read(client)).total == 7

    def test_unknown_values(self, driver: Driver, faulty: Faulty) -> None:
        (event,) = driver.collect(driver.client(faulty.says("events-unknown:1").url).events(), 1)
        assert isinstance(event, events.UnknownEvent)
        assert (event.event, event.data["body"]) == ("weather.changed", "event 1")

    def test_unknown_values_in_a_list(self, driver: Driver) -> None:
        def event(kind: str, seq: int) -> Dict[str, Any]:
            data = {"sessionId": SESSION, "status": "hibernating"}
            return {"seq": seq, "event": kind, "sessionId": SESSION, "timestamp": "2026-10-03T10:00:00Z", "data": data}

        known = {"events": [event("session.status", 1), event("session.status", 2)], "next": 2}
        mixed = {"events": [event("session.status", 1), event("weather.changed", 2)], "next": 2}
        for answer, kinds in (
            (known, [events.SessionStatus, events.SessionStatus]),
            (mixed, [events.SessionStatus, events.UnknownEvent]),
        ):
            with answering(json.dumps(answer).encode()) as url:
                page = driver.run(driver.client(url).events.list(SESSION))
            assert isinstance(page, types.EventPage) and page.next == 2
            assert [type(it) for it in page.events] == kinds
            assert page.events[0].data.status == "hibernating"

    def test_any_call(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("ok")
        client = driver.client(scene.url)
        answer = driver.run(client.request("GET", "/api/sessions", query={"limit": 2, "offset": 1, "name": None}))
        assert (answer.status, len(answer.json())) == (200, 2)
        assert answer.request_id and answer.headers["content-type"] == "application/json"
        assert scene.log()[0]["query"] == {"limit": "2", "offset": "1"}
        driver.run(client.request("POST", "/api/x", json={"a": [1, None]}, idempotency_key="k"))
        assert json.loads(scene.log()[1]["body"]) == {"a": [1, None]} and keys(scene)[1] == "k"

    def test_closed(self, driver: Driver, faulty: Faulty) -> None:
        client = driver.client(faulty.says("ok").url)
        if driver.language == "threads":
            with client:
                read(client)
        else:

            async def once() -> None:
                async with client:
                    await read(client)

            driver.run(once())
        with pytest.raises(RuntimeError, match="closed"):
            driver.run(read(client))


class Unseekable(BytesIO):
    def seekable(self) -> bool:
        return False

    def seek(self, *args: Any) -> int:
        raise OSError("not here")


class TestFiles:
    FILE = bytes(range(256)) * 1000

    def document(self, client: Any, file: Any, **more: Any) -> Any:
        return client.messages.send_document(SESSION, chat_id=CHAT, file=file, mentions=["1@c.us"], **more)

    def check(self, request: Dict[str, Any], name: str, mimetype: str) -> None:
        file = request["file"]
        assert (file["name"], file["mimetype"]) == (name, mimetype)
        assert (file["length"], file["sha256"]) == (len(self.FILE), hashlib.sha256(self.FILE).hexdigest())
        assert request["fields"]["chatId"] == CHAT and json.loads(request["fields"]["mentions"]) == ["1@c.us"]

    def test_upload_path(self, driver: Driver, faulty: Faulty, tmp_path: Path) -> None:
        path = tmp_path / "Grüße.pdf"
        path.write_bytes(self.FILE)
        scene = faulty.says("ok")
        for given in (path, str(path)):
            driver.run(self.document(driver.client(scene.url), given))
        for request in scene.log():
            self.check(request, "Grüße.pdf", "application/pdf")

    @pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, BytesIO, Unseekable])
    def test_upload_stream(self, driver: Driver, faulty: Faulty, wrap: Callable[[bytes], Any]) -> None:
        scene = faulty.says("ok")
        sent = self.document(driver.client(scene.url), wrap(self.FILE), filename="a.bin", mimetype="image/x-a")
        driver.run(sent)
        self.check(scene.log()[0], "a.bin", "image/x-a")

    def test_upload_file(self, driver: Driver, faulty: Faulty, tmp_path: Path) -> None:
        path = tmp_path / "b.bin"
        path.write_bytes(b"skipped" + self.FILE)
        scene = faulty.says("ok")
        with open(path, "rb") as file:
            file.seek(7)
            driver.run(self.document(driver.client(scene.url), file))
        self.check(scene.log()[0], "b.bin", "application/octet-stream")

    def test_upload_text_file(self, driver: Driver, faulty: Faulty, tmp_path: Path) -> None:
        path = tmp_path / "c.txt"
        path.write_text("text")
        with open(path) as file, pytest.raises(openwa.OpenWAFileError, match="binary mode"):
            driver.run(self.document(driver.client(faulty.says("ok").url), file))

    def test_upload_retry(self, driver: Driver, faulty: Faulty, tmp_path: Path) -> None:
        path = tmp_path / "d.bin"
        path.write_bytes(self.FILE)
        scene = faulty.says("drop+ok")
        driver.run(self.document(driver.client(scene.url), path, mimetype="a/b"))
        assert len(set(keys(scene))) == 1 and len(keys(scene)) == 2
        for request in scene.log():
            self.check(request, "d.bin", "a/b")

    def test_upload_no_replay(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("drop+ok")
        with pytest.raises(openwa.OpenWAConnectionError):
            driver.run(self.document(driver.client(scene.url), BytesIO(self.FILE)))
        assert len(scene.log()) == 1

    def test_upload_missing(self, driver: Driver, faulty: Faulty, tmp_path: Path) -> None:
        scene = faulty.says("ok")
        with pytest.raises(openwa.OpenWAFileError) as caught:
            driver.run(self.document(driver.client(scene.url), tmp_path / "nothing"))
        assert isinstance(caught.value, OSError)
        assert scene.log() == []

    def media(self, client: Any) -> Any:
        return client.messages.download_media(SESSION, CHAT, "3EB0C0FFEE")

    CONTENT = (bytes(range(251)) * 4000)[:1_000_000]

    def test_download_file(self, driver: Driver, faulty: Faulty, tmp_path: Path) -> None:
        client = driver.client(faulty.says("bytes:1000000").url)
        download = driver.run(self.media(client))
        assert (download.size, download.filename, download.mimetype) == (
            len(self.CONTENT),
            "Grüße.bin",
            "application/octet-stream",
        )
        assert driver.run(download.save(tmp_path / "x")) == len(self.CONTENT)
        assert (tmp_path / "x").read_bytes() == self.CONTENT
        assert driver.run(driver.run(self.media(client)).read()) == self.CONTENT
        assert b"".join(driver.collect(driver.run(self.media(client)))) == self.CONTENT
        with pytest.raises(openwa.OpenWADecodeError):
            driver.run(driver.run(self.media(client)).read(longest=999_999))

    def test_download_cut(self, driver: Driver, faulty: Faulty, tmp_path: Path) -> None:
        client = driver.client(faulty.says("half-bytes:1000000").url)
        with pytest.raises(openwa.OpenWAConnectionError):
            driver.run(driver.run(self.media(client)).save(tmp_path / "x"))
        assert list(tmp_path.iterdir()) == []


class TestEvents:
    def ids(self, found: List[Any]) -> List[int]:
        return [it.seq for it in found]

    def test_event_resume(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("events:3+503+events:2+events-hold:0")
        stream = driver.client(scene.url).events()
        assert self.ids(driver.collect(stream, 5)) == [1, 2, 3, 4, 5]
        assert stream.last_id == "5"
        asked = [it["headers"].get("last-event-id") for it in scene.log()]
        # Whether the last connection is made already when the fifth event is read is a matter of moments.
        assert asked in ([None, "3", "3"], [None, "3", "3", "5"])

    def test_event_again(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("events:3+events-again:3+events-hold:0")
        assert self.ids(driver.collect(driver.client(scene.url).events(), 5)) == [1, 2, 3, 4, 5]

    def test_event_cut(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("events-cut:2+events:2+events-hold:0")
        assert self.ids(driver.collect(driver.client(scene.url).events(), 4)) == [1, 2, 3, 4]

    def test_event_after(self, driver: Driver, faulty: Faulty) -> None:
        client = driver.client(faulty.says("events-hold:2").url)
        assert self.ids(driver.collect(client.events(after=40), 2)) == [41, 42]

    def test_event_refused(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("401")
        with pytest.raises(openwa.OpenWAAuthError):
            driver.collect(driver.client(scene.url).events())
        assert len(scene.log()) == 1

    def test_event_typed(self, driver: Driver, faulty: Faulty) -> None:
        (event,) = driver.collect(driver.client(faulty.says("events:1").url).events(), 1)
        assert isinstance(event, events.MessageReceived) and event.event == "message.received"
        assert (event.data.body, event.data.from_, event.chat_id) == ("event 1", CHAT, CHAT)

    def test_event_filters(self, driver: Driver, faulty: Faulty) -> None:
        scene = faulty.says("events:1")
        stream = driver.client(scene.url).events(session_id=SESSION, types=["message.received", "message.ack"])
        driver.collect(stream, 1)
        assert scene.log()[0]["query"] == {"sessionId": SESSION, "types": "message.received,message.ack"}


class TestWebhooks:
    CASES = json.loads((Path(__file__).parents[2] / "tests/sdk/webhook_vectors.json").read_text())["cases"]

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_webhook_vectors(self, case: Dict[str, Any]) -> None:
        def check() -> None:
            openwa.webhooks.check_signature(
                case["body"],
                case["headers"],
                case["secrets"],
                tolerance=case["tolerance"],
                now=case["now"],
            )

        if case["result"] == "ok":
            check()
            return
        with pytest.raises(errors.OpenWAWebhookError) as caught:
            check()
        assert caught.value.reason == case["result"]

    def test_webhook_typed(self) -> None:
        good = next(it for it in self.CASES if it["result"] == "ok")
        headers = [(name.encode(), value.encode()) for name, value in good["headers"].items()]
        delivery = openwa.verify_webhook(good["body"].encode(), headers, good["secrets"], now=good["now"])
        assert isinstance(delivery, events.MessageReceivedDelivery) and delivery.event == "message.received"
        assert delivery.data.body == 'Grüße 👋🏽 " \\ \u2028'
        assert openwa.parse_webhook(good["body"]) == delivery

    def test_webhook_headers_of_the_standard_library(self) -> None:
        good = next(it for it in self.CASES if it["result"] == "ok")
        headers = Message()
        for name, value in good["headers"].items():
            headers[name] = value
        openwa.webhooks.check_signature(good["body"], headers, good["secrets"], now=good["now"])

    def test_webhook_unknown(self) -> None:
        body = {"event": "test", "timestamp": "2026-10-03T10:00:00Z", "sessionId": SESSION, "idempotencyKey": "a"}
        delivery = openwa.parse_webhook(json.dumps({**body, "deliveryId": "d", "data": {"x": 1}}))
        assert isinstance(delivery, events.UnknownDelivery) and delivery.data == {"x": 1}
        with pytest.raises(errors.OpenWAWebhookError) as caught:
            openwa.parse_webhook(b"[]")
        assert caught.value.reason == "unreadable"

    def test_webhook_without_secret(self) -> None:
        with pytest.raises(ValueError, match="secret"):
            openwa.verify_webhook(b"{}", {}, [])


def resident() -> int:
    """How much memory this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
