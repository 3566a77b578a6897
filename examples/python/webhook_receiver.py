"""Receives OpenWA's webhooks, checks their signature, and prints them, with the package.

    python3 webhook_receiver.py 9000 a-secret-of-16-or-more

Register it with {"url": "http://127.0.0.1:9000/", "events": ["*"], "secret": "a-secret-of-16-or-more"}.
../webhook_receiver.py does the same without the package.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from openwa import OpenWAWebhookError, verify_webhook
from openwa.events import MessageReceivedDelivery, SessionStatusDelivery

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
SECRET = sys.argv[2] if len(sys.argv) > 2 else "a-secret-of-16-or-more"
LARGEST_BODY = 8 * 1024 * 1024


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if length > LARGEST_BODY:
            return self.answer(413)
        try:
            # The signature covers the exact bytes: nothing may parse them before.
            delivery = verify_webhook(self.rfile.read(length), self.headers.items(), SECRET)
        except OpenWAWebhookError as error:
            print(f"refused: {error}", flush=True)
            return self.answer(401)

        if isinstance(delivery, MessageReceivedDelivery):
            print(delivery.event, delivery.data.from_, delivery.data.body, flush=True)
        elif isinstance(delivery, SessionStatusDelivery):
            print(delivery.event, delivery.data.status, flush=True)
        else:
            print(delivery.event, flush=True)
        # A delivery may come twice with the same idempotency_key; whoever acts on it should remember the key.
        self.answer(200)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


server = ThreadingHTTPServer(("127.0.0.1", PORT), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
