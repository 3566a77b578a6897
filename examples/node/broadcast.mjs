// Sends one text to everybody in a CSV file with the columns `number` and `name`.
//
//     node broadcast.mjs SESSION contacts.csv "spring-sale" "Hello {name}, spring is here."
//
// OPENWA_BASE_URL and OPENWA_API_KEY say which gateway. What became of each line is written to
// contacts.csv.spring-sale.csv. Run again under the same name, it goes on where it stopped and nobody is written to
// twice. Write only to people who asked for it: numbers that write to strangers get banned.

import { appendFile, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

import { OpenWA, OpenWAForbiddenError, OpenWAInvalidRequestError, OpenWANotFoundError } from "openwa";

const [, , session, file, campaign, template] = process.argv;
if (!template) {
  console.error('usage: node broadcast.mjs SESSION contacts.csv CAMPAIGN "Hello {name}"');
  process.exit(2);
}
const REFUSALS = [OpenWAForbiddenError, OpenWAInvalidRequestError, OpenWANotFoundError];
// A person does not send faster either.
const PAUSE_MS = Number(process.env.PAUSE_MS ?? 3000);

const client = new OpenWA();
const results = `${file}.${campaign}.csv`;
const [head, ...contacts] = rows(await readFile(file, "utf8"));
const [numberColumn, nameColumn] = [head.indexOf("number"), head.indexOf("name")];
const done = new Set(rows(await readFile(results, "utf8").catch(() => "")).map(([number]) => number));
const count = { sent: 0, failed: 0, skipped: 0 };

for (const contact of contacts) {
  const number = contact[numberColumn].replaceAll(/\D/g, "");
  if (done.has(number)) {
    count.skipped += 1;
    continue;
  }
  done.add(number);
  const [status, detail] = await send(number, contact[nameColumn]);
  count[status] += 1;
  await appendFile(results, `${number},${status},"${detail.replaceAll('"', '""')}"\n`);
  await pause(PAUSE_MS);
}
console.log(`${count.sent} sent, ${count.failed} failed, ${count.skipped} skipped`);

async function send(number, name) {
  try {
    const check = await client.contacts.checkNumber(session, number);
    if (!check.exists) return ["failed", "not on WhatsApp"];
    const body = { chatId: `${number}@c.us`, text: template.replaceAll("{name}", () => name) };
    const sent = await client.messages.sendText(session, body, { idempotencyKey: `${campaign}-${number}` });
    return ["sent", sent.messageId];
  } catch (error) {
    // These concern this contact; anything else, such as a lost connection, ends the run.
    if (REFUSALS.some((kind) => error instanceof kind)) return ["failed", error.message];
    throw error;
  }
}

/** The lines of a CSV file, with quotes as spreadsheets write them. */
function rows(text) {
  const cell = /(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g;
  const rows = [[]];
  for (const [match, quoted, plain, end] of text.replaceAll("\r\n", "\n").trimEnd().matchAll(cell)) {
    if (match === "" && rows.at(-1).length === 0) break;
    rows.at(-1).push(quoted?.replaceAll('""', '"') ?? plain.trim());
    if (end === "\n") rows.push([]);
    if (end === "") break;
  }
  return rows.at(-1).length === 0 ? rows.slice(0, -1) : rows;
}
