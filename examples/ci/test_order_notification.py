"""Tests a program that sends WhatsApp messages: a customer gets a virtual phone, and what it shows is looked at.

`run` starts the gateway, and says where it is in OPENWA_BASE_URL and OPENWA_API_KEY.
"""

import json
import os
import sys
import unittest
import urllib.request
from pathlib import Path

from openwa import OpenWA
from openwa.events import SessionQr, SessionStatus
from openwa.types import DeliveryStatus

# The program under test.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import order_notification  # noqa: E402


def sandbox(path, body=None):
    """The network's own API: phones, what they send, and what they see. It takes no key."""
    request = urllib.request.Request(os.environ["OPENWA_BASE_URL"] + "/sandbox" + path)
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def link(client, name):
    """A session that is linked to a phone of its own and ready."""
    phone = sandbox("/phones", {"name": name})
    session = client.sessions.create(name=name)
    client.sessions.start(session.id)
    with client.events.stream(session_id=session.id, after=0) as events:
        for event in events:
            if isinstance(event, SessionQr):
                code = client.request("GET", f"/api/sessions/{session.id}/qr", query={"format": "raw"})
                sandbox(f"/phones/{phone['id']}/scan", {"qr": code.body.decode().strip()})
            if isinstance(event, SessionStatus) and event.data.status == "ready":
                return session.id
    raise AssertionError("the gateway ended the stream")


class OrderNotification(unittest.TestCase):
    def setUp(self):
        self.client = OpenWA()
        self.addCleanup(self.client.close)
        self.session = link(self.client, self.id().rsplit(".", 1)[1].replace("_", "-"))
        self.addCleanup(self.client.sessions.delete, self.session)

    def order(self, phone):
        return {
            "number": self.session[-8:],
            "customer": {"name": "Ada", "phone": phone},
            "tracking": "https://example.org/parcel/1",
        }

    def test_it_arrives_once(self):
        ada = sandbox("/phones", {"name": "Ada"})
        order = self.order("+" + ada["number"])
        first = order_notification.notify(self.client, self.session, order)
        again = order_notification.notify(self.client, self.session, order)
        self.assertEqual(first, again)
        self.assertIn(
            order_notification.outcome(self.client, self.session, first),
            {DeliveryStatus.DELIVERED, DeliveryStatus.READ},
        )
        seen = [it["text"] for it in sandbox(f"/phones/{ada['id']}/messages")]
        self.assertEqual(seen, [f"Hello Ada, your order {order['number']} is on its way: https://example.org/parcel/1"])

    def test_who_is_not_on_whatsapp_gets_nothing(self):
        self.assertIsNone(order_notification.notify(self.client, self.session, self.order("+49 30 000000")))


if __name__ == "__main__":
    unittest.main()
