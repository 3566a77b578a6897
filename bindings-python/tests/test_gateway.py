"""The behaviours of `tests/sdk/behaviours.md` that are seen at a real gateway on the sandbox network."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import openwa
import pytest
from conftest import Driver
from gateway import Gateway, Session
from openwa import events, types

MIB = 1024 * 1024


@pytest.fixture
def client(driver: Driver, gateway: Gateway) -> Any:
    return driver.client(gateway.base, api_key=gateway.key)


def test_idempotency_given(driver: Driver, client: Any, gateway: Gateway, session: Session) -> None:
    ada = gateway.phone("Ada")
    key, text = f"order-{uuid4()}", f"once {uuid4()}"
    sent = [
        driver.run(client.messages.send_text(session.id, chat_id=ada.chat, text=text, idempotency_key=key))
        for _ in range(2)
    ]
    assert sent[0].message_id == sent[1].message_id
    # What is sent later arrives later: then the first would be there twice, if it was.
    driver.run(client.messages.send_text(session.id, chat_id=ada.chat, text=f"after {text}"))
    ada.received(f"after {text}")
    bodies = [it for it in ada.messages() if text in str(it)]
    assert len(bodies) == 2


def test_idempotency_reused(driver: Driver, client: Any, gateway: Gateway, session: Session) -> None:
    ada, key = gateway.phone("Ada"), f"order-{uuid4()}"
    driver.run(client.messages.send_text(session.id, chat_id=ada.chat, text="one", idempotency_key=key))
    with pytest.raises(openwa.OpenWAInvalidRequestError) as caught:
        driver.run(client.messages.send_text(session.id, chat_id=ada.chat, text="two", idempotency_key=key))
    assert (caught.value.status, caught.value.code) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_paging_cursor(driver: Driver, client: Any, session: Session) -> None:
    found = driver.collect(client.events.iterate(session.id, page_size=2))
    assert [it.seq for it in found] == list(range(1, len(found) + 1)) and len(found) > 4
    assert {type(it) for it in found} >= {events.SessionQr, events.SessionStatus}


def test_error_real(driver: Driver, client: Any, gateway: Gateway, session: Session) -> None:
    with pytest.raises(openwa.OpenWAAuthError):
        driver.run(driver.client(gateway.base, api_key="owa_k1_wrong").sessions.list())
    with pytest.raises(openwa.OpenWANotFoundError) as caught:
        driver.run(client.sessions.get(str(uuid4())))
    assert caught.value.code == "SESSION_NOT_FOUND"
    assert caught.value.request_id and "not found" in caught.value.message
    with pytest.raises(openwa.OpenWAInvalidRequestError):
        driver.run(client.messages.send_text(session.id, chat_id="15550000002@c.us", text="x" * 100_000))


@pytest.mark.parametrize("text", ["Grüße aus Köln", "مرحبا بالعالم", "👩‍👩‍👧‍👦 👋🏽 🇩🇪", '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u2028 " \\ \t end'])
def test_unicode(driver: Driver, client: Any, gateway: Gateway, session: Session, text: str) -> None:
    ada = gateway.phone("Ada")
    sent = driver.run(client.messages.send_text(session.id, chat_id=ada.chat, text=text))
    assert ada.messages(20_000)[-1]["text"] == text
    (stored,) = driver.run(client.messages.list(session.id, message_id=sent.message_id)).messages
    assert stored.body == text and stored.type is types.MessageType.TEXT


def test_types(driver: Driver, client: Any, session: Session) -> None:
    known = driver.run(client.sessions.get(session.id))
    assert known.status == "ready" and known.status is types.SessionStatus.READY
    assert known.created_at.tzinfo == timezone.utc and known.phone == session.phone.number
    assert session.id in [it.id for it in driver.collect(client.sessions.iterate(page_size=1))]
    # What a later gateway may say.
    assert types.SessionStatus("hibernating") == "hibernating"


def test_nothing_and_null(driver: Driver, client: Any, gateway: Gateway) -> None:
    session = driver.run(client.sessions.create(name=f"empty-{uuid4()}"))
    assert driver.run(client.sessions.update_proxy(session.id, proxy_url="http://proxy.test:8080")).enabled
    assert not driver.run(client.sessions.update_proxy(session.id, proxy_url=None)).enabled
    webhook = driver.run(
        client.webhooks.create(
            session.id,
            url="https://example.org/hook",
            filters=types.WebhookFilters(
                conditions=[types.WebhookCondition(field="fromMe", operator="is", value=False)]
            ),
        )
    )
    assert webhook.filters.conditions[0].field == "fromMe"
    assert driver.run(client.sessions.delete(session.id)) is None
    with pytest.raises(openwa.OpenWANotFoundError):
        driver.run(client.sessions.get(session.id))


def test_event_typed(driver: Driver, client: Any, gateway: Gateway, session: Session) -> None:
    ada = gateway.phone("Ada")
    text = f"typed {uuid4()}"
    stream = client.events(session_id=session.id, types="message.received", after=0)
    ada.send(session.phone.chat, text)
    while True:
        (event,) = driver.collect(stream, 1)
        assert isinstance(event, events.MessageReceived)
        if event.data.body == text:
            break
    assert event.data.from_ == ada.chat and event.session_id == session.id
    assert int(stream.last_id) > 0


def test_event_restart(driver: Driver, tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    try:
        session = gateway.session("shop")
        client = driver.client(gateway.base, api_key=gateway.key, max_retries=5)
        stream = client.events(session_id=session.id, after=0)
        seen = driver.collect(stream, 3)
        gateway.kill()
        gateway.start()
        # The sandbox's phones live in the process; events of the session come by its own restart.
        while not (isinstance(seen[-1], events.SessionStatus) and seen[-1].seq > 6):
            seen += driver.collect(stream, 1)
        assert [it.seq for it in seen] == list(range(1, len(seen) + 1))
    finally:
        gateway.stop()


MEDIA = """
import asyncio, hashlib, os, resource, sys
import openwa
base, key, session, chat, path, kind = sys.argv[1:]

def grown(before):
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024

def threads():
    client = openwa.OpenWA(key, base_url=base, timeout=120)
    client.health.check()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sent = client.messages.send_document(session, chat_id=chat, file=path, mimetype="application/x-a")
    client.messages.download_media(session, chat, sent.message_id).save(path + ".back")
    return grown(before)

async def loop():
    async with openwa.AsyncOpenWA(key, base_url=base, timeout=120) as client:
        await client.health.check()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sent = await client.messages.send_document(session, chat_id=chat, file=path, mimetype="application/x-a")
        await (await client.messages.download_media(session, chat, sent.message_id)).save(path + ".back")
        return grown(before)

print(threads() if kind == "threads" else asyncio.run(loop()))
"""


def test_media_64_mib(driver: Driver, gateway: Gateway, session: Session, tmp_path: Path) -> None:
    path, chat = tmp_path / "large.bin", gateway.phone("Ada").chat
    block = os.urandom(MIB)
    path.write_bytes(block * 64)
    arguments = [gateway.base, gateway.key, session.id, chat, str(path), driver.language]
    done = subprocess.run([sys.executable, "-c", MEDIA, *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 32 * MIB
    back = (tmp_path / "large.bin.back").read_bytes()
    assert hashlib.sha256(back).digest() == hashlib.sha256(block * 64).digest()
