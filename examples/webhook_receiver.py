"""Receives OpenWA's webhooks, checks their signature, and prints them.

    python3 examples/webhook_receiver.py 9000 a-secret-of-16-or-more

Register it with {"url": "http://127.0.0.1:9000/", "events": ["*"], "secret": "a-secret-of-16-or-more"}.
Needs nothing but Python 3.9.
"""

import hashlib
import hmac
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
SECRET = sys.argv[2] if len(sys.argv) > 2 else "a-secret-of-16-or-more"
LARGEST_BODY = 8 * 1024 * 1024


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if length > LARGEST_BODY:
            return self.answer(413)
        # The signature covers the exact bytes: check it before reading anything into them.
        body = self.rfile.read(length)
        expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, self.headers.get("X-OpenWA-Signature", "")):
            print("refused: the signature does not fit the secret", flush=True)
            return self.answer(401)

        event = json.loads(body)
        data = event["data"]
        print(event["event"], data.get("from", ""), data.get("body", data.get("status", "")), flush=True)
        # A delivery may come twice with the same idempotencyKey; whoever acts on it should remember the key.
        self.answer(200)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
