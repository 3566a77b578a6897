"""A phone on the sandbox network: what its owner does, and what they see."""

import time

from .program import LIMIT


class Phone:
    def __init__(self, gateway, view):
        self.gateway = gateway
        self.id, self.name, self.number = view["id"], view["name"], view["number"]
        self.chat = f"{self.number}@c.us"

    def send(self, chat, text=None, **more):
        """Sends a text, or what `more` describes, and answers the message as the phone has it."""
        body = {"chat": chat, **more}
        if text is not None:
            body["text"] = text
        return self.gateway.call("POST", f"/sandbox/phones/{self.id}/messages", body)

    def messages(self, after=0, wait=0):
        """What it sent and received after a place in its log, with the decrypted files."""
        path = f"/sandbox/phones/{self.id}/messages?media=true&limit=1000&after={after}&wait={wait}"
        return self.gateway.call("GET", path)

    def wait_for(self, what, fits, limit=LIMIT):
        """The first message that fits, as soon as there is one."""
        end, after, seen = time.monotonic() + limit, 0, []
        while time.monotonic() < end:
            # Answered as soon as there is more than what was seen.
            page = self.messages(after, wait=5000)
            for message in page:
                if fits(message):
                    return message
            seen += page
            after = page[-1]["sequence"] if page else after
        raise AssertionError(f"{what} did not reach {self.name} within {limit} s: {seen}")

    def receives(self, text, limit=LIMIT):
        """Waits for a message with this text in it that came from another."""
        return self.wait_for(repr(text), lambda it: not it["fromMe"] and text in it.get("text", ""), limit)
