// Baileys, unmodified, as one client of a sandbox network, steered line by line.
//
// Reads commands from standard input and writes answers and events to standard output, one JSON
// object a line. A command is {"id", "do", ...}; its answer {"id", "ok": true, "result"} or
// {"id", "ok": false, "error"}. What happens by itself is {"event", ...}.
//
//   {"do": "link", "base": "https://127.0.0.1:9443", "phone": "<id of the phone that scans>"}
//       links by QR code; without "phone" the phone named like "name" scans, made if there is none
//   {"do": "text", "to": "<number or JID>", "text"}
//   {"do": "image", "to", "data": "<base64>", "mimetype", "caption"}
//   {"do": "check", "number"}         whether the number is on the network
//   {"do": "close"}                   ends the link and the process
//
//   {"event": "open", "number", "lid"}
//   {"event": "message", "id", "chat", "from", "fromMe", "text", "media": {"mimetype", "sizeBytes", "sha256"}}
//   {"event": "status", "id", "status"}
//   {"event": "closed", "code", "reason"}
//
// The sandbox's certificate authority is trusted by NODE_EXTRA_CA_CERTS.

import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import makeWASocket, {
    DisconnectReason,
    downloadMediaMessage,
    initAuthCreds,
    normalizeMessageContent,
    proto,
} from 'baileys';
import P from 'pino';

const logger = P({ level: process.env.PEER_LOG ?? 'silent' }, P.destination(2));
// Standard output is for answers and events; libraries talk to standard error.
console.log = console.info = console.debug = console.error;
const say = line => process.stdout.write(`${JSON.stringify(line)}\n`);

// Credentials live as long as the process.
const creds = initAuthCreds();
const stored = {};
const keys = {
    get: async (type, ids) => {
        const found = {};
        for (const id of ids) {
            const value = stored[type]?.[id];
            if (value == null) continue;
            found[id] = type === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value) : value;
        }
        return found;
    },
    set: async changes => {
        for (const [type, values] of Object.entries(changes)) {
            stored[type] ??= {};
            for (const [id, value] of Object.entries(values)) {
                if (value == null) delete stored[type][id];
                else stored[type][id] = value;
            }
        }
    },
};

const statuses = ['failed', 'pending', 'sent', 'delivered', 'read', 'played'];
let socket;

async function scan({ base, phone, name }, qr) {
    const path = phone ? `/sandbox/phones/${phone}/scan` : '/sandbox/scan';
    const answer = await fetch(base + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ qr, name }),
    });
    if (!answer.ok) throw new Error(`the scan was refused: ${await answer.text()}`);
}

function link(command) {
    return new Promise((resolve, reject) => {
        const connect = () => {
            socket = makeWASocket({
                auth: { creds, keys },
                waWebSocketUrl: `${command.base.replace(/^http/, 'ws')}/ws/chat`,
                logger,
                syncFullHistory: false,
                shouldSyncHistoryMessage: () => false,
            });
            socket.ev.on('creds.update', changed => Object.assign(creds, changed));
            socket.ev.on('connection.update', update => {
                if (update.qr) scan(command, update.qr).catch(reject);
                if (update.connection === 'open') {
                    const own = { number: user(socket.user.id), lid: user(socket.user.lid) };
                    say({ event: 'open', ...own });
                    resolve(own);
                }
                if (update.connection === 'close') {
                    const code = update.lastDisconnect?.error?.output?.statusCode;
                    // Once linked, the network asks the client to come back as what it now is.
                    if (code === DisconnectReason.restartRequired) return connect();
                    const reason = update.lastDisconnect?.error?.message;
                    say({ event: 'closed', code, reason });
                    reject(new Error(`the link was closed: ${reason}`));
                }
            });
            socket.ev.on('messages.upsert', async ({ messages }) => {
                for (const message of messages) {
                    await tell(message);
                    // A status that came while Baileys held its events back is in the message itself.
                    if (message.status != null) tellStatus(message.key, message.status);
                }
            });
            socket.ev.on('messages.update', updates => {
                for (const { key, update } of updates) {
                    if (update.status != null) tellStatus(key, update.status);
                }
            });
        };
        connect();
    });
}

// "15550000001:2@s.whatsapp.net" is 15550000001.
const user = jid => jid?.split('@')[0].split(':')[0];

// As OpenWA writes it, by number where the number is known.
function chat(...jids) {
    const jid = jids.find(jid => jid?.endsWith('@s.whatsapp.net')) ?? jids.find(Boolean);
    return jid?.endsWith('@s.whatsapp.net') ? `${user(jid)}@c.us` : jid;
}

async function tell(message) {
    const content = normalizeMessageContent(message.message);
    if (!content || content.protocolMessage) return;
    const file = content.imageMessage ?? content.videoMessage ?? content.audioMessage ?? content.documentMessage;
    const { key } = message;
    const told = {
        event: 'message',
        id: key.id,
        chat: chat(key.remoteJid, key.remoteJidAlt),
        from: chat(key.participant ?? key.remoteJid, key.participantAlt ?? key.remoteJidAlt),
        fromMe: key.fromMe,
        text: content.conversation ?? content.extendedTextMessage?.text ?? file?.caption ?? undefined,
    };
    if (file) {
        try {
            const bytes = await downloadMediaMessage(message, 'buffer', {}, { logger });
            told.media = {
                mimetype: file.mimetype,
                sizeBytes: bytes.length,
                sha256: createHash('sha256').update(bytes).digest('hex'),
            };
        } catch (error) {
            told.problem = String(error);
        }
    }
    say(told);
}

function tellStatus(key, status) {
    say({ event: 'status', id: key.id, status: statuses[status] });
}

const jid = to => (to.includes('@') ? to.replace('@c.us', '@s.whatsapp.net') : `${to}@s.whatsapp.net`);
const sent = message => ({ id: message.key.id });

const commands = {
    link,
    text: async ({ to, text }) => sent(await socket.sendMessage(jid(to), { text })),
    image: async ({ to, data, mimetype, caption }) =>
        sent(await socket.sendMessage(jid(to), { image: Buffer.from(data, 'base64'), mimetype, caption })),
    check: async ({ number }) => {
        const [found] = await socket.onWhatsApp(number);
        return { exists: Boolean(found?.exists) };
    },
    close: async () => {
        socket?.end(undefined);
        setImmediate(() => process.exit(0));
        return {};
    },
};

for await (const line of createInterface({ input: process.stdin })) {
    if (!line.trim()) continue;
    const command = JSON.parse(line);
    const run = commands[command.do];
    // Commands run side by side: the caller waits for answers where order matters.
    (async () => {
        if (!run) throw new Error(`no such command: ${command.do}`);
        return run(command);
    })().then(
        result => say({ id: command.id, ok: true, result }),
        error => say({ id: command.id, ok: false, error: String(error?.stack ?? error) }),
    );
}
process.exit(0);
