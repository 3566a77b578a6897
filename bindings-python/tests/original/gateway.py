"""Calls what a real gateway has, in one order, with the same arguments.

Arguments: the base URL, the key, a session that is ready, and a chat. Prints, as JSON, what each call brought.
"""

import json
import sys
from typing import Any, Dict

from openwa import OpenWAApiError, OpenWAClient


def main() -> None:
    base, key, session, chat, name = sys.argv[1:]
    client = OpenWAClient(base, key)
    brought: Dict[str, Any] = {}

    def step(label: str, call: Any) -> Any:
        try:
            brought[label] = call()
        except OpenWAApiError as error:
            fields = {"code": error.code, "error_kind": error.error_kind, "body": error.body}
            brought[label] = {"raised": type(error).__name__, "status": error.status, **fields, "text": str(error)}
        answer = brought[label]
        if isinstance(answer, dict) and isinstance(answer.get("data"), bytes):
            brought[label] = {**answer, "data": answer["data"].hex()}
        return answer

    text = {"chatId": chat, "text": "Gr\u00fc\u00dfe \U0001f600"}
    picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    step("health", client.health.check)
    step("live", client.health.live)
    step("ready", client.health.ready)
    step("auth", client.auth)
    made = step("create", lambda: client.sessions.create({"name": name}))
    other = made["id"]
    step("create again", lambda: client.sessions.create({"name": name}))
    step("create wrongly", lambda: client.sessions.create({"nome": "x"}))
    step("get", lambda: client.sessions.get(other))
    step("list", lambda: client.sessions.list({"limit": 1, "name": name}))
    step("stats", client.sessions.stats)
    step("config", lambda: client.sessions.get_config(other))
    step("update config", lambda: client.sessions.update_config(other, {"autoRejectCalls": True}))
    step("proxy", lambda: client.sessions.get_proxy(other))
    step("update proxy", lambda: client.sessions.update_proxy(other, {"proxyUrl": "http://proxy.test:8080"}))
    step("no proxy", lambda: client.sessions.update_proxy(other, {"proxyUrl": None}))
    step("qr", lambda: client.sessions.get_qr_code(other))
    step("pairing code", lambda: client.sessions.request_pairing_code(other, {"phoneNumber": "15550000009"}))
    step("send too early", lambda: client.messages.send_text(other, text))
    sent = step("send", lambda: client.messages.send_text(session, text, idempotency_key=f"{name}-1"))
    again = step("send again", lambda: client.messages.send_text(session, text, idempotency_key=f"{name}-1"))
    brought["the same"] = sent["messageId"] == again["messageId"]
    step("send another", lambda: client.messages.send_text(session, {**text, "text": "x"}, idempotency_key=f"{name}-1"))
    image = {"chatId": chat, "base64": picture, "mimetype": "image/png", "caption": "one pixel"}
    shown = step("image", lambda: client.messages.send_image(session, image))
    step("video", lambda: client.messages.send_video(session, {**image, "mimetype": "video/mp4"}))
    step(
        "audio",
        lambda: client.messages.send_audio(session, {"chatId": chat, "base64": picture, "mimetype": "audio/ogg"}),
    )
    step("document", lambda: client.messages.send_document(session, {**image, "filename": "a.png"}))
    step("both", lambda: client.messages.send_image(session, {"chatId": chat}))
    step("reply", lambda: client.messages.reply(session, {**text, "quotedMessageId": sent["messageId"]}))
    step(
        "react",
        lambda: client.messages.react(session, {"chatId": chat, "messageId": sent["messageId"], "emoji": "\u2764"}),
    )
    step("reactions", lambda: client.messages.reactions(session, chat, sent["messageId"]))
    step(
        "edit",
        lambda: client.messages.edit_message(session, {"chatId": chat, "messageId": sent["messageId"], "body": "b"}),
    )
    step("media", lambda: client.messages.media(session, chat, shown["messageId"]))
    step("no media", lambda: client.messages.media(session, chat, sent["messageId"]))
    step("delete", lambda: client.messages.delete(session, {"chatId": chat, "messageId": sent["messageId"]}))
    step("messages", lambda: client.messages.list(session, {"messageId": shown["messageId"], "inlineMedia": True}))
    step("messages wrongly", lambda: client.messages.list(session, {"limit": 0}))
    step("chats", lambda: client.chats.list(session, {"limit": 1}))
    step("mark read", lambda: client.chats.mark_read(session, {"chatId": chat}))
    step("check", lambda: client.contacts.check(session, chat.split("@")[0]))
    step("check nobody", lambda: client.contacts.check(session, "19999999999"))
    step("groups", lambda: client.groups.list(session))
    step("no group", lambda: client.groups.get(session, "120363000000000000@g.us"))
    hook = {"url": "https://example.org/hook", "events": ["message.received"], "secret": "a-secret-of-16-or-more"}
    webhook = step("webhook", lambda: client.webhooks.create(other, hook))
    step("webhooks", lambda: client.webhooks.list(other))
    step("all webhooks", lambda: [it for it in client.webhooks.list_all() if it["id"] == webhook["id"]])
    step("one webhook", lambda: client.webhooks.get(other, webhook["id"]))
    step("update webhook", lambda: client.webhooks.update(other, webhook["id"], {"active": False}))
    step("failures", lambda: client.webhooks.delivery_failures({"sessionId": other}))
    step("redrive", client.webhooks.redrive_delivery_failures)
    step("delete webhook", lambda: client.webhooks.delete(other, webhook["id"]))
    step("no webhook", lambda: client.webhooks.get(other, webhook["id"]))
    step("stop", lambda: client.sessions.stop(other))
    step("force kill", lambda: client.sessions.force_kill(other))
    step("delete session", lambda: client.sessions.delete(other))
    step("gone", lambda: client.sessions.get(other))
    step("no id", lambda: client.sessions.get("shop"))
    step("wrong key", OpenWAClient(base, "owa_k1_wrong").sessions.list)
    step("any", lambda: client.request("GET", "/api/nothing", query={"a": True}))
    print(json.dumps(brought))


main()
