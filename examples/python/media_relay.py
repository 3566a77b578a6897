"""Passes on every file that comes in one chat to another one.

    python3 media_relay.py SESSION 15551234567@c.us 120363000000000000@g.us

OPENWA_BASE_URL and OPENWA_API_KEY say which gateway. A file goes through a folder that vanishes, piece by piece:
its size does not matter.
"""

import sys
import tempfile
from pathlib import Path

from openwa import OpenWA
from openwa.events import MessageReceived
from openwa.types import MessageEvent, MessageType


def main(session: str, source: str, target: str) -> None:
    with OpenWA() as client:
        print(f"relaying from {source} to {target}", flush=True)
        for event in client.events.stream(session_id=session, types="message.received"):
            if isinstance(event, MessageReceived) and event.data.chat_id == source and not event.data.from_me:
                relay(client, session, event.data, target)


def relay(client: OpenWA, session: str, message: MessageEvent, target: str) -> None:
    send = {
        MessageType.IMAGE: client.messages.send_image,
        MessageType.VIDEO: client.messages.send_video,
        MessageType.AUDIO: client.messages.send_audio,
        MessageType.VOICE: client.messages.send_audio,
        MessageType.DOCUMENT: client.messages.send_document,
    }.get(message.type)
    if send is None:
        return
    more = {"ptt": True} if message.type == MessageType.VOICE else {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "file")
        with client.messages.download_media(session, message.chat_id, message.id) as media:
            filename, mimetype = media.filename, media.mimetype
            media.save(file)
        sent = send(
            session,
            chat_id=target,
            file=file,
            filename=filename,
            mimetype=mimetype,
            caption=message.body or None,
            idempotency_key=f"relay-{message.id}",
            **more,
        )
    print(f"relayed {message.type} as {sent.message_id}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: python3 media_relay.py SESSION FROM-CHAT TO-CHAT")
    main(*sys.argv[1:])
