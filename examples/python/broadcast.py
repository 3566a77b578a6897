"""Sends one text to everybody in a CSV file with the columns `number` and `name`.

    python3 broadcast.py SESSION contacts.csv spring-sale "Hello {name}, spring is here."

OPENWA_BASE_URL and OPENWA_API_KEY say which gateway. What became of each line is written to
contacts.csv.spring-sale.csv. Run again under the same name, it goes on where it stopped, and nobody is written to
twice. Write only to people who asked for it: numbers that write to strangers get banned.
"""

import csv
import os
import re
import sys
import time
from collections import Counter
from pathlib import Path

from openwa import OpenWA
from openwa.errors import OpenWAForbiddenError, OpenWAInvalidRequestError, OpenWANotFoundError

# A person does not send faster either.
PAUSE = float(os.environ.get("PAUSE_MS", "3000")) / 1000


def main(session: str, contacts: str, campaign: str, template: str) -> None:
    results = Path(f"{contacts}.{campaign}.csv")
    done = set()
    if results.exists():
        with results.open(newline="", encoding="utf-8") as file:
            done = {row[0] for row in csv.reader(file) if row}

    count: Counter[str] = Counter()
    with OpenWA() as client, open(contacts, newline="", encoding="utf-8-sig") as file:
        for contact in csv.DictReader(file):
            number = re.sub(r"\D", "", contact["number"])
            if number in done:
                count["skipped"] += 1
                continue
            done.add(number)
            text = template.replace("{name}", contact["name"])
            status, detail = send(client, session, number, text, f"{campaign}-{number}")
            count[status] += 1
            with results.open("a", newline="", encoding="utf-8") as told:
                csv.writer(told).writerow([number, status, detail])
            time.sleep(PAUSE)
    print(f"{count['sent']} sent, {count['failed']} failed, {count['skipped']} skipped")


def send(client: OpenWA, session: str, number: str, text: str, key: str) -> tuple[str, str]:
    try:
        if not client.contacts.check_number(session, number).exists:
            return "failed", "not on WhatsApp"
        sent = client.messages.send_text(session, chat_id=f"{number}@c.us", text=text, idempotency_key=key)
        return "sent", sent.message_id
    except (OpenWAForbiddenError, OpenWAInvalidRequestError, OpenWANotFoundError) as error:
        # These concern this contact; anything else, such as a lost connection, ends the run.
        return "failed", error.message


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit('usage: python3 broadcast.py SESSION contacts.csv CAMPAIGN "Hello {name}"')
    main(*sys.argv[1:])
