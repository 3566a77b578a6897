"""Answers every text with the same text.

    python3 echo_bot.py SESSION

OPENWA_BASE_URL and OPENWA_API_KEY say which gateway. The place in the log is kept in the file SESSION.place: what
comes in while the bot is down is answered when it is back, and nothing is answered twice.
"""

import asyncio
import sys
from pathlib import Path

from openwa import AsyncOpenWA
from openwa.events import MessageReceived
from openwa.types import MessageType


async def main(session: str) -> None:
    place = Path(f"{session}.place")
    after = place.read_text() if place.exists() else None
    async with AsyncOpenWA() as client:
        print(f"echoing on {session}", flush=True)
        events = client.events.stream(session_id=session, types="message.received", after=after)
        async for event in events:
            if isinstance(event, MessageReceived):
                await echo(client, event)
            # Kept after the answer: a crash in between makes the call again, which its key renders harmless.
            place.write_text(events.last_id or "")


async def echo(client: AsyncOpenWA, event: MessageReceived) -> None:
    message = event.data
    if message.from_me or message.is_group or message.is_status_broadcast or message.type != MessageType.TEXT:
        return
    await client.messages.send_text(
        event.session_id,
        chat_id=message.chat_id,
        text=message.body,
        quoted_message_id=message.id,
        idempotency_key=f"echo-{message.id}",
    )
    print(f"echoed to {message.chat_id}: {message.body}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python3 echo_bot.py SESSION")
    asyncio.run(main(sys.argv[1]))
