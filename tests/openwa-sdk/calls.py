"""One realistic call for each method of OpenWA's own Python SDK, and what has to come of it.

`CALLS` has them by name. A call answers what the SDK answered; that it has the shape that the SDK says is checked by
whoever calls it, so what stands here is what a shape cannot say.
"""

import base64
import functools
import struct
import time
import zlib

import openwa

CALLS = {}

# Nobody has it.
NOBODY = "00000000-0000-7000-8000-000000000000"

# What the shop sells, as the sandbox has it: prices are in thousandths.
TEA = {"id": "5551234567890123", "name": "Tea", "description": "Green", "price": 12_500, "currency": "EUR"}
CAKE = {"id": "5551234567890124", "name": "Cake", "price": 4_200, "currency": "EUR"}


def call(name):
    def register(function):
        CALLS[name] = function
        return function

    return register


def picture(width=64, height=64):
    """A PNG of one colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x20\x80\x60" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def sound():
    """A second of silence as WAV."""
    samples = bytes(16_000)
    form = struct.pack("<IHHIIHH", 16, 1, 1, 8_000, 16_000, 2, 16)
    data = b"WAVEfmt " + form + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(data)) + data


def voice():
    """The beginning of an Ogg file with Opus: what a voice note is known by."""
    head = b"OpusHead" + bytes((1, 1)) + bytes(9)
    return b"OggS" + bytes(22) + bytes((1, len(head))) + head


def moving(width=16, height=16):
    """Two pictures as a GIF. Each row begins with the word that keeps all others at eight bits."""
    frame = b"".join(b"\x80" + bytes(range(width)) for _ in range(height)) + b"\x81"
    blocks = b"".join(bytes((len(it),)) + it for it in (frame[at : at + 255] for at in range(0, len(frame), 255)))
    shown = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x07" + blocks + b"\0"
    pause = b"!\xf9\x04\0" + struct.pack("<H", 50) + b"\0\0"
    palette = b"".join(bytes((it, it * 2, 90)) for it in range(128))
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF6, 0, 0) + palette + (pause + shown) * 2 + b";"


def text64(data):
    return base64.b64encode(data).decode()


PICTURE = {"base64": text64(picture()), "mimetype": "image/png"}
FILM = {"base64": text64(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(64)), "mimetype": "video/mp4"}
SOUND = {"base64": text64(sound()), "mimetype": "audio/wav"}
VOICE = {"base64": text64(voice()), "mimetype": "audio/ogg; codecs=opus"}


class World:
    """A gateway with the session of a shop, a business account that is linked, and its customers."""

    def __init__(self, gateway, client):
        self.gateway, self.client = gateway, client
        self.session_ = gateway.link("shop")
        self.session = self.session_.id
        self.shop = self.session_.phone
        business = {"description": "Tea and cake", "products": [TEA, CAKE]}
        gateway.call("PUT", f"/sandbox/phones/{self.shop.id}/business", business)
        self.ada, self.bob = gateway.phone("Ada"), gateway.phone("Bob")
        self.chat = self.ada.chat

    # What calls need to be there, made when it is first asked for.

    def sent(self, text="Your order ships today."):
        """The id of a text to Ada that she has."""
        id = self.client.messages.send_text(self.session, {"chatId": self.chat, "text": text})["messageId"]
        self.ada.receives(text)
        return id

    def received(self, text="Are you open today?", sender=None):
        """The id of a text from a customer that the gateway has."""
        sender = sender or self.ada
        sender.send(self.shop.chat, text)
        return self.session_.wait_for("message.received", lambda it: it["body"] == text)["id"]

    @functools.cached_property
    def group(self):
        """A group that the shop made, with Ada in it."""
        made = self.client.groups.create(self.session, {"name": "Regulars", "participants": [self.chat]})
        return made["id"]

    @functools.cached_property
    def template(self):
        body = {
            "name": "order",
            "body": "Hello {{name}}, order {{order}} is ready.",
            "header": "Hi",
            "footer": "Thanks",
        }
        return self.client.templates.create(self.session, body)

    @functools.cached_property
    def webhook(self):
        body = {"url": "https://example.org/hook", "events": ["message.received"], "secret": "sixteen characters"}
        return self.client.webhooks.create(self.session, body)

    @functools.cached_property
    def label(self):
        self.client.labels.upsert(self.session, "9", {"name": "New order", "color": 3})
        return "9"

    @functools.cached_property
    def channel(self):
        return self.client.channels.create(self.session, {"name": "Offers", "description": "Once a week"})

    @functools.cached_property
    def batch(self):
        items = [
            {
                "chatId": self.chat,
                "type": "text",
                "content": {"text": f"Hello {{{{name}}}} {number}"},
                "variables": {"name": "Ada"},
            }
            for number in range(3)
        ]
        options = {"delayBetweenMessages": 1000, "randomizeDelay": False}
        return self.client.messages.send_bulk(self.session, {"messages": items, "options": options})

    @functools.cached_property
    def undelivered(self):
        """The id of a webhook, of which a delivery has failed for good: nothing listens at that port."""
        body = {"url": "http://127.0.0.1:9/hook", "events": ["message.received"], "retryCount": 1}
        webhook = self.client.webhooks.create(self.session, body)["id"]
        self.received("Is nobody listening?")
        within(lambda: self.failures(webhook), "the delivery has not failed")
        return webhook

    def failures(self, webhook):
        found = self.client.webhooks.delivery_failures({"sessionId": self.session, "limit": 10})
        return [it for it in found if it["webhookId"] == webhook]

    def asking(self, name):
        """The id of somebody who asked to be let into the shop's group."""
        phone = self.gateway.phone(name)
        settings = f"/sandbox/phones/{self.shop.id}/groups/{self.group}"
        self.gateway.call("PATCH", settings, {"approval": True})
        code = self.client.groups.invite_code(self.session, self.group)["inviteCode"]
        joined = self.gateway.call("POST", f"/sandbox/phones/{phone.id}/joins", {"code": code})
        assert joined["pending"] is True, joined
        return phone

    def administers(self, channel):
        """Ada agrees to be an admin of a channel."""
        self.gateway.call("PUT", f"/sandbox/phones/{self.ada.id}/channels/{channel}")

    def spare(self, name):
        """The id of a session that is not started."""
        return self.client.sessions.create({"name": name})["id"]

    def showing_code(self, name):
        """The id of a session that shows its code."""
        id = self.spare(name)
        self.client.sessions.start(id)
        within(lambda: self.client.sessions.get(id)["status"] == "qr_ready", "no code was shown")
        return id


def within(holds, failure):
    """Asks until it holds; the limit is only ever reached by a failure."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, failure
        time.sleep(0.05)


def done(answer):
    assert answer["success"] is True, answer
    return answer


def sends(name, method, body, **more):
    """A send: the answer is exactly an id and a time, and the message is stored."""

    @call(f"messages.{name}")
    def run(w):
        filled = {"chatId": w.chat, **{field: it(w) if callable(it) else it for field, it in body.items()}}
        answer = getattr(w.client.messages, method)(w.session, filled, **more)
        assert set(answer) == {"messageId", "timestamp"}, answer
        kept = w.client.messages.list(w.session, {"messageId": answer["messageId"]})
        assert kept["total"] == 1, kept
        return answer


# --- the client itself


@call("auth")
def _(w):
    answer = w.client.auth()
    assert answer["valid"] is True and answer["role"] == "admin", answer
    return answer


@call("request")
def _(w):
    answer = w.client.request("GET", "/api/sessions", query={"name": "shop"})
    assert [it["id"] for it in answer] == [w.session], answer
    try:
        w.client.request("GET", f"/api/sessions/{NOBODY}")
    except openwa.OpenWANotFoundError as error:
        assert error.body["message"] == f"Session with id '{NOBODY}' not found", error.body
    else:
        raise AssertionError("an unknown session is not found")
    return answer


# --- health, search


@call("health.check")
def _(w):
    answer = w.client.health.check()
    assert answer["status"] == "ok", answer
    return answer


@call("health.live")
def _(w):
    return w.client.health.live()


@call("health.ready")
def _(w):
    answer = w.client.health.ready()
    assert answer["status"] == "ok", answer
    return answer


@call("search.search")
def _(w):
    w.received("Where is my marmalade?")
    answer = w.client.search.search({"q": "marmalade", "sessionId": w.session})
    assert answer["total"] == 1 and "<mark>marmalade</mark>" in answer["hits"][0]["snippet"], answer
    return answer


# --- sessions


@call("sessions.list")
def _(w):
    answer = w.client.sessions.list({"name": "shop"})
    assert [it["status"] for it in answer] == ["ready"], answer
    return answer


@call("sessions.get")
def _(w):
    answer = w.client.sessions.get(w.session)
    assert answer["phone"] == w.shop.number and answer["engineLoaded"] is True, answer
    return answer


@call("sessions.create")
def _(w):
    answer = w.client.sessions.create({"name": "created", "config": {"autoRejectCalls": True}})
    assert answer["status"] == "created", answer
    return answer


@call("sessions.delete")
def _(w):
    id = w.spare("deleted")
    answer = w.client.sessions.delete(id)
    assert w.client.sessions.list({"name": "deleted"}) == []
    return answer


@call("sessions.start")
def _(w):
    return w.client.sessions.start(w.spare("started"))


@call("sessions.stop")
def _(w):
    answer = w.client.sessions.stop(w.showing_code("stopped"))
    assert answer["engineLoaded"] is False, answer
    return answer


@call("sessions.logout")
def _(w):
    session = w.gateway.link("unlinked")
    answer = w.client.sessions.logout(session.id)
    assert answer["phone"] is None, answer
    return answer


@call("sessions.force_kill")
def _(w):
    return w.client.sessions.force_kill(w.showing_code("killed"))


@call("sessions.get_qr_code")
def _(w):
    answer = w.client.sessions.get_qr_code(w.showing_code("shown"))
    assert answer["qrCode"].startswith("data:image/png;base64,") and answer["status"] == "qr_ready", answer
    return answer


@call("sessions.request_pairing_code")
def _(w):
    phone = w.gateway.phone("Pairing")
    answer = w.client.sessions.request_pairing_code(w.showing_code("paired"), {"phoneNumber": phone.number})
    assert len(answer["pairingCode"]) == 8, answer
    return answer


@call("sessions.stats")
def _(w):
    answer = w.client.sessions.stats()
    assert answer["total"] >= 1 and answer["memoryUsage"]["rss"] > 0, answer
    return answer


@call("sessions.get_config")
def _(w):
    return w.client.sessions.get_config(w.session)


@call("sessions.update_config")
def _(w):
    answer = w.client.sessions.update_config(w.session, {"maxReconnectAttempts": 5})
    assert answer["maxReconnectAttempts"] == 5, answer
    return w.client.sessions.update_config(w.session, {"maxReconnectAttempts": None})


@call("sessions.get_proxy")
def _(w):
    return w.client.sessions.get_proxy(w.session)


@call("sessions.update_proxy")
def _(w):
    body = {"proxyUrl": "socks5://user:secret@proxy.example.org:1080"}
    answer = w.client.sessions.update_proxy(w.spare("proxied"), body)
    assert answer["proxyHost"] == "proxy.example.org:1080" and answer["hasCredentials"], answer
    return answer


@call("sessions.set_online_presence")
def _(w):
    return done(w.client.sessions.set_online_presence(w.session, {"available": True}))


# --- messages

sends("send_text", "send_text", {"text": "Your order ships today.", "linkPreview": False})
sends("send_image", "send_image", {**PICTURE, "caption": "Packed", "filename": "packed.png"})
sends("send_video", "send_video", FILM)
sends("send_audio", "send_audio", {**VOICE, "ptt": True})
sends(
    "send_document",
    "send_document",
    {"base64": text64(b"%PDF-1.4"), "mimetype": "application/pdf", "filename": "bill.pdf"},
)
sends("send_sticker", "send_sticker", PICTURE)
sends(
    "send_location",
    "send_location",
    {"latitude": 52.52, "longitude": 13.405, "description": "The shop", "address": "Main street 1"},
)
sends("send_contact", "send_contact", {"contactName": "Bob", "contactNumber": lambda w: w.bob.number})
sends(
    "send_template", "send_template", {"templateId": lambda w: w.template["id"], "vars": {"name": "Ada", "order": "42"}}
)
sends("send_poll", "send_poll", {"name": "When?", "options": ["Today", "Tomorrow"]})
sends("reply", "reply", {"quotedMessageId": lambda w: w.received("Until when?"), "text": "Until six."})


@call("messages.forward")
def _(w):
    body = {"fromChatId": w.chat, "toChatId": w.bob.chat, "messageId": w.sent("Please pass this on.")}
    answer = w.client.messages.forward(w.session, body, idempotency_key="forward-1")
    w.bob.receives("Please pass this on.")
    again = w.client.messages.forward(w.session, body, idempotency_key="forward-1")
    assert again == answer, (answer, again)
    return answer


@call("messages.list")
def _(w):
    id = w.received("Anybody there?")
    answer = w.client.messages.list(w.session, {"chatId": w.chat, "direction": "incoming", "limit": 5})
    assert any(it["waMessageId"] == id for it in answer["messages"]), answer
    return answer


@call("messages.click_button")
def _(w):
    buttons = {"text": "Press a button", "buttons": [{"id": "yes", "text": "Yes"}, {"id": "no", "text": "No"}]}
    w.ada.send(w.shop.chat, type="buttons", buttons=buttons)
    id = w.session_.wait_for("message.received", lambda it: it["body"] == "Press a button")["id"]
    body = {"chatId": w.chat, "messageId": id, "buttonId": "yes", "text": "Yes"}
    return w.client.messages.click_button(w.session, body)


@call("messages.react")
def _(w):
    return done(
        w.client.messages.react(
            w.session, {"chatId": w.chat, "messageId": w.received("Thanks!"), "emoji": "\U0001f44d"}
        )
    )


@call("messages.delete")
def _(w):
    return done(w.client.messages.delete(w.session, {"chatId": w.chat, "messageId": w.sent("A mistake")}))


@call("messages.edit_message")
def _(w):
    id = w.sent("Your order ships todya.")
    answer = w.client.messages.edit_message(w.session, {"chatId": w.chat, "messageId": id, "body": "Corrected"})
    assert answer["messageId"] == id, answer
    return answer


@call("messages.history")
def _(w):
    w.received("Do you remember?")
    answer = w.client.messages.history(w.session, w.chat, {"limit": 10})
    assert any(it["body"] == "Do you remember?" for it in answer), answer
    return answer


@call("messages.reactions")
def _(w):
    id = w.received("Well done")
    w.client.messages.react(w.session, {"chatId": w.chat, "messageId": id, "emoji": "\U0001f389"})
    answer = w.client.messages.reactions(w.session, w.chat, id)
    assert [it["emoji"] for it in answer] == ["\U0001f389"], answer
    return answer


@call("messages.pin")
def _(w):
    return done(
        w.client.messages.pin(w.session, {"chatId": w.chat, "messageId": w.sent("Pinned"), "durationSeconds": 86400})
    )


@call("messages.unpin")
def _(w):
    id = w.sent("Pinned for a moment")
    w.client.messages.pin(w.session, {"chatId": w.chat, "messageId": id})
    return done(w.client.messages.unpin(w.session, {"chatId": w.chat, "messageId": id}))


@call("messages.star")
def _(w):
    return done(w.client.messages.star(w.session, {"chatId": w.chat, "messageId": w.sent("Starred"), "star": True}))


@call("messages.vote_poll")
def _(w):
    poll = {"name": "Tea?", "options": ["Green", "Black"]}
    id = w.client.messages.send_poll(w.session, {"chatId": w.chat, **poll})["messageId"]
    return done(w.client.messages.vote_poll(w.session, {"chatId": w.chat, "pollMessageId": id, "options": ["Green"]}))


@call("messages.media")
def _(w):
    id = w.client.messages.send_image(w.session, {"chatId": w.chat, **PICTURE})["messageId"]
    answer = w.client.messages.media(w.session, w.chat, id)
    assert answer["data"] == picture() and answer["contentType"].startswith("image/png"), answer["contentType"]
    return answer


@call("messages.send_bulk")
def _(w):
    answer = w.batch
    assert answer["totalMessages"] == 3 and answer["batchId"].startswith("batch_"), answer
    assert answer["statusUrl"] == f"/api/sessions/{w.session}/messages/batch/{answer['batchId']}", answer
    return answer


@call("messages.batch_status")
def _(w):
    answer = w.client.messages.batch_status(w.session, w.batch["batchId"])
    assert answer["progress"]["total"] == 3, answer
    return answer


@call("messages.cancel_batch")
def _(w):
    items = [{"chatId": w.chat, "type": "text", "content": {"text": f"slow {number}"}} for number in range(5)]
    body = {"messages": items, "options": {"delayBetweenMessages": 60000}, "batchId": "to-be-cancelled"}
    w.client.messages.send_bulk(w.session, body)
    answer = w.client.messages.cancel_batch(w.session, "to-be-cancelled")
    assert answer["status"] == "cancelled" and answer["progress"]["total"] == 5, answer
    return answer


# --- chats


@call("chats.list")
def _(w):
    w.received("A chat")
    answer = w.client.chats.list(w.session, {"limit": 50})
    assert any(it["id"] == w.chat for it in answer), answer
    return answer


@call("chats.mark_read")
def _(w):
    return done(w.client.chats.mark_read(w.session, {"chatId": w.chat, "messageIds": [w.received("Read me")]}))


@call("chats.mark_unread")
def _(w):
    w.received("Not yet")
    return done(w.client.chats.mark_unread(w.session, {"chatId": w.chat}))


@call("chats.archive")
def _(w):
    w.received("To the archive")
    answer = done(w.client.chats.archive(w.session, {"chatId": w.chat, "archive": True}))
    w.client.chats.archive(w.session, {"chatId": w.chat, "archive": False})
    return answer


@call("chats.pin")
def _(w):
    w.received("On top")
    return done(w.client.chats.pin(w.session, {"chatId": w.chat, "pin": True}))


@call("chats.mute")
def _(w):
    w.received("Quiet, please")
    until = int(time.time() * 1000) + 3_600_000
    answer = done(w.client.chats.mute(w.session, {"chatId": w.chat, "muteUntil": until}))
    w.client.chats.mute(w.session, {"chatId": w.chat, "muteUntil": None})
    return answer


@call("chats.clear_messages")
def _(w):
    w.received("Forget it", w.bob)
    return done(w.client.chats.clear_messages(w.session, w.bob.chat))


@call("chats.delete")
def _(w):
    w.received("Delete it", w.bob)
    return done(w.client.chats.delete(w.session, {"chatId": w.bob.chat}))


@call("chats.send_state")
def _(w):
    return done(w.client.chats.send_state(w.session, {"chatId": w.chat, "state": "typing"}))


@call("chats.subscribe_presence")
def _(w):
    return done(w.client.chats.subscribe_presence(w.session, {"chatId": w.chat}))


@call("chats.get_presence")
def _(w):
    w.client.chats.subscribe_presence(w.session, {"chatId": w.chat})
    return w.client.chats.get_presence(w.session, w.chat)


# --- contacts


@call("contacts.list")
def _(w):
    w.received("I am Ada")
    answer = w.client.contacts.list(w.session, {"limit": 100})
    assert any(it["id"] == w.chat for it in answer), answer
    return answer


@call("contacts.get")
def _(w):
    w.received("Still Ada")
    answer = w.client.contacts.get(w.session, w.chat)
    assert answer["id"] == w.chat and answer["number"] == w.ada.number, answer
    return answer


@call("contacts.check")
def _(w):
    answer = w.client.contacts.check(w.session, w.ada.number)
    assert answer["exists"] is True and answer["whatsappId"] == w.chat, answer
    return answer


@call("contacts.profile_picture")
def _(w):
    return w.client.contacts.profile_picture(w.session, w.chat)


@call("contacts.profile_pictures")
def _(w):
    answer = w.client.contacts.profile_pictures(w.session, [w.chat, w.bob.chat])
    assert set(answer["pictures"]) == {w.chat, w.bob.chat}, answer
    return answer


@call("contacts.phone")
def _(w):
    answer = w.client.contacts.phone(w.session, w.chat)
    assert answer["phone"] == w.ada.number, answer
    return answer


@call("contacts.upsert")
def _(w):
    return done(w.client.contacts.upsert(w.session, w.chat, {"firstName": "Ada", "lastName": "Lovelace"}))


@call("contacts.delete")
def _(w):
    w.client.contacts.upsert(w.session, w.bob.chat, {"firstName": "Bob"})
    return done(w.client.contacts.delete(w.session, w.bob.chat))


@call("contacts.block")
def _(w):
    answer = done(w.client.contacts.block(w.session, w.bob.chat))
    w.client.contacts.unblock(w.session, w.bob.chat)
    return answer


@call("contacts.unblock")
def _(w):
    w.client.contacts.block(w.session, w.bob.chat)
    return done(w.client.contacts.unblock(w.session, w.bob.chat))


@call("contacts.list_blocked")
def _(w):
    stranger = w.gateway.phone("Stranger")
    w.client.contacts.block(w.session, stranger.chat)
    answer = w.client.contacts.list_blocked(w.session)
    assert stranger.chat in answer, answer
    return answer


# --- groups


@call("groups.create")
def _(w):
    answer = w.client.groups.create(w.session, {"name": "Tasters", "participants": [w.chat, w.bob.chat]})
    assert answer["id"].endswith("@g.us") and answer["name"] == "Tasters", answer
    assert answer["participantsCount"] == 3 and answer["isAdmin"] is True, answer
    return answer


@call("groups.list")
def _(w):
    group = w.group
    answer = w.client.groups.list(w.session, {"limit": 10})
    assert any(it["id"] == group for it in answer), answer
    return answer


@call("groups.get")
def _(w):
    answer = w.client.groups.get(w.session, w.group)
    assert any(it["number"] == w.ada.number for it in answer["participants"]), answer
    return answer


def all_done(answer, participants):
    done(answer)
    assert len(answer["results"]) == len(participants) and all(it["success"] for it in answer["results"]), answer
    return answer


@call("groups.add_participants")
def _(w):
    carol = [w.gateway.phone("Carol").chat]
    return all_done(w.client.groups.add_participants(w.session, w.group, carol), carol)


@call("groups.remove_participants")
def _(w):
    dave = [w.gateway.phone("Dave").chat]
    w.client.groups.add_participants(w.session, w.group, dave)
    return all_done(w.client.groups.remove_participants(w.session, w.group, dave), dave)


@call("groups.promote_participants")
def _(w):
    return all_done(w.client.groups.promote_participants(w.session, w.group, [w.chat]), [w.chat])


@call("groups.demote_participants")
def _(w):
    w.client.groups.promote_participants(w.session, w.group, [w.chat])
    return all_done(w.client.groups.demote_participants(w.session, w.group, [w.chat]), [w.chat])


@call("groups.set_subject")
def _(w):
    answer = done(w.client.groups.set_subject(w.session, w.group, "Our regulars"))
    assert w.client.groups.get(w.session, w.group)["name"] == "Our regulars"
    return answer


@call("groups.set_description")
def _(w):
    answer = done(w.client.groups.set_description(w.session, w.group, "Offers, once a week"))
    assert w.client.groups.get(w.session, w.group)["description"] == "Offers, once a week"
    return answer


@call("groups.leave")
def _(w):
    group = w.client.groups.create(w.session, {"name": "For a moment", "participants": [w.chat]})["id"]
    return done(w.client.groups.leave(w.session, group))


@call("groups.get_picture")
def _(w):
    answer = w.client.groups.get_picture(w.session, w.group)
    assert "url" in answer, answer
    return answer


@call("groups.set_picture")
def _(w):
    return done(w.client.groups.set_picture(w.session, w.group, PICTURE))


@call("groups.delete_picture")
def _(w):
    w.client.groups.set_picture(w.session, w.group, PICTURE)
    return done(w.client.groups.delete_picture(w.session, w.group))


@call("groups.invite_code")
def _(w):
    answer = w.client.groups.invite_code(w.session, w.group)
    assert answer["inviteLink"] == f"https://chat.whatsapp.com/{answer['inviteCode']}", answer
    return answer


@call("groups.revoke_invite_code")
def _(w):
    before = w.client.groups.invite_code(w.session, w.group)["inviteCode"]
    answer = w.client.groups.revoke_invite_code(w.session, w.group)
    assert answer["inviteCode"] != before, answer
    return answer


@call("groups.join_info")
def _(w):
    code = w.client.groups.invite_code(w.session, w.group)["inviteCode"]
    answer = w.client.groups.join_info(w.session, code)
    assert answer["id"] == w.group, answer
    return answer


@call("groups.join_group")
def _(w):
    other = w.gateway.link("joining")
    code = w.client.groups.invite_code(w.session, w.group)["inviteCode"]
    answer = w.client.groups.join_group(other.id, {"inviteCode": code})
    assert answer["success"] is True and answer["groupId"] == w.group, answer
    return answer


@call("groups.get_group_settings")
def _(w):
    answer = w.client.groups.get_group_settings(w.session, w.group)
    # What it says beyond that OpenWA does not have.
    assert {"announce", "locked", "ephemeralSeconds", "memberAddMode"} <= set(answer), answer
    return answer


@call("groups.update_group_settings")
def _(w):
    done(w.client.groups.update_group_settings(w.session, w.group, {"announce": True, "ephemeralSeconds": 86400}))
    told = w.client.groups.get_group_settings(w.session, w.group)
    assert told["announce"] is True and told["ephemeralSeconds"] == 86400, told
    return w.client.groups.update_group_settings(w.session, w.group, {"announce": False, "ephemeralSeconds": 0})


@call("groups.get_membership_requests")
def _(w):
    asking = w.asking("Erin")
    answer = w.client.groups.get_membership_requests(w.session, w.group)
    assert asking.chat in [it["participantId"] for it in answer], answer
    return answer


@call("groups.approve_membership_requests")
def _(w):
    asking = w.asking("Frank")
    answer = all_done(w.client.groups.approve_membership_requests(w.session, w.group, [asking.chat]), [asking.chat])
    members = w.client.groups.get(w.session, w.group)["participants"]
    assert asking.number in [it["number"] for it in members], members
    return answer


@call("groups.reject_membership_requests")
def _(w):
    asking = w.asking("Grace")
    answer = all_done(w.client.groups.reject_membership_requests(w.session, w.group, [asking.chat]), [asking.chat])
    left = w.client.groups.get_membership_requests(w.session, w.group)
    assert asking.chat not in [it["participantId"] for it in left], left
    return answer


# --- webhooks


@call("webhooks.create")
def _(w):
    answer = w.webhook
    assert answer["active"] is True and not {"secret", "headers"} & set(answer), answer
    return answer


@call("webhooks.list")
def _(w):
    id = w.webhook["id"]
    answer = w.client.webhooks.list(w.session)
    assert any(it["id"] == id for it in answer), answer
    return answer


@call("webhooks.list_all")
def _(w):
    id = w.webhook["id"]
    answer = w.client.webhooks.list_all({"limit": 100})
    assert any(it["id"] == id for it in answer), answer
    return answer


@call("webhooks.get")
def _(w):
    return w.client.webhooks.get(w.session, w.webhook["id"])


@call("webhooks.update")
def _(w):
    answer = w.client.webhooks.update(w.session, w.webhook["id"], {"events": ["message.ack"], "active": False})
    assert answer["events"] == ["message.ack"] and answer["active"] is False, answer
    return answer


@call("webhooks.delete")
def _(w):
    id = w.client.webhooks.create(w.session, {"url": "https://example.org/other"})["id"]
    answer = w.client.webhooks.delete(w.session, id)
    assert all(it["id"] != id for it in w.client.webhooks.list(w.session))
    return answer


@call("webhooks.test")
def _(w):
    # Nothing listens at that port, which is told in the answer.
    id = w.client.webhooks.create(w.session, {"url": "http://127.0.0.1:9/hook"})["id"]
    answer = w.client.webhooks.test(w.session, id)
    assert answer["success"] is False and answer["error"], answer
    return answer


@call("webhooks.delivery_failures")
def _(w):
    webhook = w.undelivered
    answer = w.client.webhooks.delivery_failures({"sessionId": w.session, "limit": 10})
    (failure,) = [it for it in answer if it["webhookId"] == webhook]
    assert failure["event"] == "message.received" and failure["attempts"] == 1 and failure["replayable"], failure
    return answer


@call("webhooks.redrive_delivery_failures")
def _(w):
    # OpenWA delivers while the request waits; here it goes out after the answer, and fails again.
    webhook = w.undelivered
    before = w.failures(webhook)
    answer = w.client.webhooks.redrive_delivery_failures({"webhookId": webhook, "limit": 10})
    assert answer["redriven"] == 1 and answer["remaining"] == 0, answer
    within(lambda: [it["id"] for it in w.failures(webhook)] == [it["id"] for it in before], "it has not failed again")
    return answer


# --- templates


@call("templates.create")
def _(w):
    answer = w.template
    assert answer["name"] == "order" and answer["footer"] == "Thanks", answer
    return answer


@call("templates.list")
def _(w):
    id = w.template["id"]
    answer = w.client.templates.list(w.session)
    assert any(it["id"] == id for it in answer), answer
    return answer


@call("templates.get")
def _(w):
    return w.client.templates.get(w.session, w.template["id"])


@call("templates.update")
def _(w):
    id = w.client.templates.create(w.session, {"name": "changed", "body": "before"})["id"]
    answer = w.client.templates.update(w.session, id, {"body": "after"})
    assert answer["body"] == "after", answer
    return answer


@call("templates.delete")
def _(w):
    id = w.client.templates.create(w.session, {"name": "gone", "body": "gone"})["id"]
    return w.client.templates.delete(w.session, id)


# --- labels


@call("labels.upsert")
def _(w):
    return done(w.client.labels.upsert(w.session, "8", {"name": "Paid", "color": 5}))


@call("labels.list")
def _(w):
    label = w.label
    answer = w.client.labels.list(w.session)
    assert any(it["id"] == label for it in answer), answer
    return answer


@call("labels.get")
def _(w):
    answer = w.client.labels.get(w.session, w.label)
    assert answer["name"] == "New order" and answer["hexColor"].startswith("#"), answer
    return answer


@call("labels.delete")
def _(w):
    w.client.labels.upsert(w.session, "7", {"name": "Gone", "color": 1})
    return done(w.client.labels.delete(w.session, "7"))


@call("labels.add_to_chat")
def _(w):
    return done(w.client.labels.add_to_chat(w.session, w.chat, {"labelId": w.label}))


@call("labels.for_chat")
def _(w):
    w.client.labels.add_to_chat(w.session, w.chat, {"labelId": w.label})
    answer = w.client.labels.for_chat(w.session, w.chat)
    assert any(it["id"] == w.label for it in answer), answer
    return answer


@call("labels.chats")
def _(w):
    w.client.labels.add_to_chat(w.session, w.chat, {"labelId": w.label})
    answer = w.client.labels.chats(w.session, w.label)
    assert any(it["id"] == w.chat for it in answer), answer
    return answer


@call("labels.remove_from_chat")
def _(w):
    w.client.labels.add_to_chat(w.session, w.bob.chat, {"labelId": w.label})
    return done(w.client.labels.remove_from_chat(w.session, w.bob.chat, w.label))


# --- channels


@call("channels.create")
def _(w):
    answer = w.channel
    assert answer["id"].endswith("@newsletter") and answer["name"] == "Offers", answer
    return answer


@call("channels.list")
def _(w):
    id = w.channel["id"]
    answer = w.client.channels.list(w.session)
    assert any(it["id"] == id for it in answer), answer
    return answer


@call("channels.get")
def _(w):
    return w.client.channels.get(w.session, w.channel["id"])


@call("channels.messages")
def _(w):
    channel = w.channel["id"]
    w.client.messages.send_text(w.session, {"chatId": channel, "text": "Cake for two"})
    answer = w.client.channels.messages(w.session, channel, {"limit": 10})
    assert [it["body"] for it in answer] == ["Cake for two"] and answer[0]["hasMedia"] is False, answer
    return answer


@call("channels.delete")
def _(w):
    id = w.client.channels.create(w.session, {"name": "For a moment"})["id"]
    return done(w.client.channels.delete(w.session, id))


def others_channel(w, name):
    """A channel of another account, and that account's session."""
    other = w.gateway.link(name)
    return other, w.client.channels.create(other.id, {"name": name})


@call("channels.subscribe")
def _(w):
    _, channel = others_channel(w, "followed")
    answer = w.client.channels.subscribe(w.session, {"inviteCode": channel["inviteCode"]})
    assert answer["id"] == channel["id"], answer
    return answer


@call("channels.unsubscribe")
def _(w):
    _, channel = others_channel(w, "left-again")
    w.client.channels.subscribe(w.session, {"inviteCode": channel["inviteCode"]})
    return done(w.client.channels.unsubscribe(w.session, channel["id"]))


@call("channels.mute")
def _(w):
    _, channel = others_channel(w, "muted")
    w.client.channels.subscribe(w.session, {"inviteCode": channel["inviteCode"]})
    return done(w.client.channels.mute(w.session, channel["id"], {"mute": True}))


@call("channels.demote_admin")
def _(w):
    w.administers(w.channel["id"])
    return done(w.client.channels.demote_admin(w.session, w.channel["id"], {"userId": w.chat}))


@call("channels.transfer_ownership")
def _(w):
    # Only who administers a channel can be given it.
    channel = w.client.channels.create(w.session, {"name": "Given away"})
    w.administers(channel["id"])
    return done(w.client.channels.transfer_ownership(w.session, channel["id"], {"newOwnerId": w.chat}))


# --- status


@call("status.send_text")
def _(w):
    body = {"text": "Open until six", "recipients": [w.chat], "backgroundColor": "#204060", "font": 1}
    return w.client.status.send_text(w.session, body)


@call("status.send_image")
def _(w):
    return w.client.status.send_image(w.session, {"image": PICTURE, "recipients": [w.chat], "caption": "Fresh"})


@call("status.send_video")
def _(w):
    return w.client.status.send_video(w.session, {"video": FILM, "recipients": [w.chat]})


@call("status.send_voice")
def _(w):
    return w.client.status.send_voice(w.session, {"audio": VOICE, "recipients": [w.chat]})


@call("status.list")
def _(w):
    w.client.status.send_text(w.session, {"text": "Seen by all", "recipients": [w.chat]})
    answer = w.client.status.list(w.session)
    assert "statuses" in answer, answer
    return answer


@call("status.from_contact")
def _(w):
    return w.client.status.from_contact(w.session, w.chat)


@call("status.media")
def _(w):
    id = w.client.status.send_image(w.session, {"image": PICTURE, "recipients": [w.chat]})["statusId"]
    answer = w.client.status.media(w.session, id)
    assert answer["data"] == picture(), answer["contentType"]
    return answer


@call("status.delete")
def _(w):
    id = w.client.status.send_text(w.session, {"text": "Not any more", "recipients": [w.chat]})["statusId"]
    return w.client.status.delete(w.session, id)


# --- profile, calls, media, catalog


@call("profile.set_profile_name")
def _(w):
    return done(w.client.profile.set_profile_name(w.session, {"name": "The shop"}))


@call("profile.set_profile_status")
def _(w):
    return done(w.client.profile.set_profile_status(w.session, {"status": "Open until six"}))


@call("profile.set_profile_picture")
def _(w):
    return done(w.client.profile.set_profile_picture(w.session, PICTURE))


@call("profile.delete_profile_picture")
def _(w):
    w.client.profile.set_profile_picture(w.session, PICTURE)
    return done(w.client.profile.delete_profile_picture(w.session))


@call("calls.create_link")
def _(w):
    answer = w.client.calls.create_link(w.session, {"type": "video", "startTime": int(time.time() * 1000)})
    assert answer["link"].startswith("https://call.whatsapp.com/"), answer
    return answer


@call("calls.reject_call")
def _(w):
    w.gateway.call("POST", f"/sandbox/phones/{w.ada.id}/calls", {"chat": w.shop.chat, "video": False})
    told = w.session_.wait_for("call.received", lambda it: True)
    return done(w.client.calls.reject_call(w.session, told["callId"]))


@call("media.conversion_status")
def _(w):
    return w.client.media.conversion_status(w.session)


def converts(w, convert, kind):
    """Where there is no converter, the gateway says so."""
    if w.client.media.conversion_status(w.session)["available"]:
        answer = convert()
        assert answer["mimetype"].startswith(kind) and answer["bytes"] > 0, answer
        return answer
    try:
        convert()
    except openwa.OpenWAServiceUnavailableError:
        return {"base64": "", "mimetype": "", "bytes": 0}
    raise AssertionError("it converts without a converter")


@call("media.convert_voice")
def _(w):
    return converts(w, lambda: w.client.media.convert_voice(w.session, base64=SOUND["base64"]), "audio/ogg")


@call("media.convert_video")
def _(w):
    return converts(w, lambda: w.client.media.convert_video(w.session, base64=text64(moving())), "video/mp4")


@call("catalog.info")
def _(w):
    answer = w.client.catalog.info(w.session)
    assert answer["productCount"] == 2 and answer["description"] == "Tea and cake", answer
    return answer


@call("catalog.products")
def _(w):
    answer = w.client.catalog.products(w.session, {"page": 2, "limit": 1})
    assert [it["name"] for it in answer["products"]] == ["Cake"], answer
    assert answer["pagination"] == {"page": 2, "limit": 1, "total": 2, "totalPages": 2}, answer
    return answer


@call("catalog.product")
def _(w):
    answer = w.client.catalog.product(w.session, TEA["id"])
    assert answer["name"] == "Tea" and answer["price"] == 12.5 and answer["priceFormatted"] == "EUR 12.50", answer
    return answer


@call("catalog.send_product")
def _(w):
    return w.client.catalog.send_product(w.session, {"chatId": w.chat, "productId": TEA["id"], "body": "For you"})
