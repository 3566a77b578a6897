"""Programs as people write them. They are never run: the type checkers read them against the installed package."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional

import openwa
from openwa import events, types
from typing_extensions import assert_type


def waits(client: openwa.OpenWA) -> None:
    session = client.sessions.create(name="shop")
    assert_type(session, types.Session)
    assert_type(session.status, types.SessionStatus)
    assert_type(session.phone, Optional[str])
    assert_type(client.sessions.list(limit=5), List[types.Session])
    sent = client.messages.send_text(session.id, chat_id="15550000002@c.us", text="hello", timeout=5)
    assert_type(sent.message_id, str)
    client.messages.send_image(session.id, chat_id="15550000002@c.us", file=Path("a.jpg"), caption="a")
    with open("a.jpg", "rb") as file:
        client.messages.send_document(session.id, chat_id="15550000002@c.us", file=file)
    for message in client.messages.iterate(session.id, direction="incoming", type=types.MessageType.TEXT):
        assert_type(message, types.Message)
    assert_type(client.messages.download_media(session.id, "a", "b").read(), bytes)
    client.keys.create(name="reader", role="viewer")
    assert_type(client.sessions.delete(session.id), None)
    for event in client.events(session_id=session.id, types=["message.received"]):
        reacts(event)


async def awaits(client: openwa.AsyncOpenWA) -> None:
    session = await client.sessions.get("a")
    assert_type(session, types.Session)
    sent = await client.messages.reply(session.id, chat_id="a", quoted_message_id="b", text="c", idempotency_key="d")
    assert_type(sent.message_id, str)
    async for message in client.messages.iterate(session.id):
        assert_type(message, types.Message)
    download = await client.messages.download_media(session.id, "a", "b")
    async for piece in download:
        assert_type(piece, bytes)
    async with client.events(after=5) as stream:
        async for event in stream:
            reacts(event)


def reacts(event: events.Event) -> None:
    if isinstance(event, events.MessageReceived):
        assert_type(event.data, types.MessageEvent)
    elif isinstance(event, events.UnknownEvent):
        assert_type(event.data, Dict[str, Any])


def receives(body: bytes) -> str:
    delivery = openwa.verify_webhook(body, {"X-OpenWA-Signature": "sha256=…"}, "a secret of sixteen")
    return delivery.data.body if isinstance(delivery, events.MessageReceivedDelivery) else delivery.event


def fails(error: openwa.OpenWAError) -> Optional[float]:
    if isinstance(error, openwa.OpenWAApiError):
        assert_type(error.status, int)
    return error.retry_after


def as_before(client: openwa.OpenWAClient) -> str:
    session = client.sessions.create({"name": "shop"})
    client.sessions.start(session["id"])
    sent = client.messages.send_text(session["id"], {"chatId": "15550000002@c.us", "text": "hello"})
    client.groups.add_participants(session["id"], "1@g.us", ["2@c.us"])
    return sent["messageId"]
