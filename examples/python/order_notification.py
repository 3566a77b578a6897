"""Tells a customer that an order is on its way, and waits until the phone has the message.

    python3 order_notification.py SESSION order.json

OPENWA_BASE_URL and OPENWA_API_KEY say which gateway. Run twice for one order, it sends once.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, Dict, Optional

from openwa import OpenWA
from openwa.events import MessageAck
from openwa.types import DeliveryStatus


def notify(client: OpenWA, session: str, order: Dict[str, Any]) -> Optional[str]:
    """Sends the notification and returns the message's id; None when the number is not on WhatsApp."""
    customer = order["customer"]
    check = client.contacts.check_number(session, re.sub(r"\D", "", customer["phone"]))
    if not check.exists:
        return None
    sent = client.messages.send_text(
        session,
        chat_id=check.whatsapp_id or f"{check.number}@c.us",
        text=f"Hello {customer['name']}, your order {order['number']} is on its way: {order['tracking']}",
        # The key belongs to the order, not to this call: whoever asks again, the customer reads it once.
        idempotency_key=f"order-{order['number']}-shipped",
    )
    return sent.message_id


def outcome(client: OpenWA, session: str, message_id: str) -> DeliveryStatus:
    """Waits until the message is on the customer's phone, or has failed for good."""
    done = {DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.FAILED}
    # From the log's beginning: what happened before this line is not missed.
    with client.events.stream(session_id=session, types="message.ack", after=0) as events:
        for event in events:
            if isinstance(event, MessageAck) and event.data.message_id == message_id and event.data.status in done:
                return event.data.status
    raise RuntimeError("the gateway ended the stream")


def main(session: str, file: str) -> None:
    order = json.loads(Path(file).read_text(encoding="utf-8"))
    with OpenWA() as client:
        message_id = notify(client, session, order)
        if message_id is None:
            sys.exit(f"{order['customer']['phone']} is not on WhatsApp")
        print(f"sent {message_id}")
        print(outcome(client, session, message_id))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python3 order_notification.py SESSION order.json")
    main(*sys.argv[1:])
