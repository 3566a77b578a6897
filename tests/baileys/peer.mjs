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
//   {"do": "send", "to", "content"}   any content that Baileys takes; in it {"$bytes": "<base64>"} is a
//       file and {"$key": "<id>"} the key of a message that was sent or told; "audience" sees a status, whose
//       "to" is status@broadcast
//   {"do": "vote", "poll": "<id>", "options": ["<text>"]}
//   {"do": "check", "number"}         whether the number is on the network
//   {"do": "close"}                   ends the link and the process
//
//   {"event": "open", "number", "lid"}
//   {"event": "message", "id", "chat", "from", "fromMe", "text", "type", "media": {"mimetype", "sizeBytes",
//       "sha256", "voice", "fileName"}, "location", "vcards", "poll": {"name", "options"}}
//   {"event": "reaction", "target", "emoji", "from"}
//   {"event": "edit", "target", "text", "from"}
//   {"event": "revoke", "target", "from"}
//   {"event": "vote", "target", "options", "from"}
//   {"event": "status", "id", "status"}
//   {"event": "closed", "code", "reason"}
//
// The sandbox's certificate authority is trusted by NODE_EXTRA_CA_CERTS.

import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import makeWASocket, {
    DisconnectReason,
    downloadMediaMessage,
    getContentType,
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

// Every message that was sent or told, by id: keys and secrets are taken from here.
const known = new Map();

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

// What changes another message is told as what it does.
function change(content, key) {
    const { reactionMessage, protocolMessage, pollUpdateMessage } = content;
    if (reactionMessage) return { event: 'reaction', target: reactionMessage.key.id, emoji: reactionMessage.text };
    if (protocolMessage) {
        const target = protocolMessage.key?.id;
        const { REVOKE, MESSAGE_EDIT } = proto.Message.ProtocolMessage.Type;
        if (protocolMessage.type === REVOKE) return { event: 'revoke', target };
        if (protocolMessage.type !== MESSAGE_EDIT) return { event: 'machinery' };
        const edited = normalizeMessageContent(protocolMessage.editedMessage);
        return { event: 'edit', target, text: edited?.conversation ?? edited?.extendedTextMessage?.text };
    }
    if (pollUpdateMessage) {
        const target = pollUpdateMessage.pollCreationMessageKey.id;
        return { event: 'vote', target, options: opened(pollUpdateMessage, target, key) };
    }
}

async function tell(message) {
    const content = normalizeMessageContent(message.message);
    if (!content) return;
    const { key } = message;
    const from = chat(key.participant ?? key.remoteJid, key.participantAlt ?? key.remoteJidAlt);
    const changed = change(content, key);
    if (changed) return say({ ...changed, from });
    known.set(key.id, message);
    const file =
        content.imageMessage ??
        content.videoMessage ??
        content.audioMessage ??
        content.documentMessage ??
        content.stickerMessage;
    const poll = pollOf(content);
    const place = content.locationMessage;
    const cards = content.contactMessage ? [content.contactMessage] : content.contactsArrayMessage?.contacts;
    const told = {
        event: 'message',
        id: key.id,
        // Beside the list of those who see a status stands who posted it.
        chat: key.remoteJid.endsWith('@broadcast') ? key.remoteJid : chat(key.remoteJid, key.remoteJidAlt),
        from,
        fromMe: key.fromMe,
        text: content.conversation ?? content.extendedTextMessage?.text ?? file?.caption ?? undefined,
        type: getContentType(content),
        location: place && { latitude: place.degreesLatitude, longitude: place.degreesLongitude, name: place.name },
        vcards: cards?.map(card => card.vcard),
        poll: poll && { name: poll.name, options: poll.options.map(option => option.optionName) },
    };
    if (file) {
        try {
            const bytes = await downloadMediaMessage(message, 'buffer', {}, { logger });
            told.media = {
                mimetype: file.mimetype,
                sizeBytes: bytes.length,
                sha256: createHash('sha256').update(bytes).digest('hex'),
                voice: file.ptt ?? undefined,
                fileName: file.fileName ?? undefined,
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

const pollOf = content =>
    content.pollCreationMessage ?? content.pollCreationMessageV2 ?? content.pollCreationMessageV3 ?? undefined;

const sha256 = text => createHash('sha256').update(text).digest();
const hmac = (key, data) => createHmac('sha256', key).update(data).digest();
const own = () => [user(socket.user.id) + '@s.whatsapp.net', user(socket.user.lid) + '@lid'];
const bare = jid => jid && `${user(jid)}@${jid.split('@')[1]}`;

// Votes are sealed with the secret of their poll, its id, who asked and who answers.
function seal(secret, poll, asker, voter) {
    const key = hmac(hmac(Buffer.alloc(32), secret), Buffer.concat([Buffer.from(poll + asker + voter + 'Poll Vote'), Buffer.of(1)]));
    return { key, additional: Buffer.from(`${poll}\u0000${voter}`) };
}

function opened({ vote }, poll, key) {
    const asked = known.get(poll)?.message;
    const secret = asked?.messageContextInfo?.messageSecret;
    if (!secret) return;
    const { encPayload, encIv } = vote;
    const people = [...own(), ...[key.participant, key.participantAlt, key.remoteJid, key.remoteJidAlt].map(bare)];
    for (const asker of people.filter(Boolean)) {
        for (const voter of people.filter(Boolean)) {
            const sealed = seal(secret, poll, asker, voter);
            const cipher = createDecipheriv('aes-256-gcm', sealed.key, encIv);
            cipher.setAAD(sealed.additional).setAuthTag(encPayload.slice(-16));
            try {
                const plain = Buffer.concat([cipher.update(encPayload.slice(0, -16)), cipher.final()]);
                const chosen = proto.Message.PollVoteMessage.decode(plain).selectedOptions.map(it => Buffer.from(it).toString('hex'));
                const options = pollOf(normalizeMessageContent(asked)).options.map(option => option.optionName);
                return options.filter(option => chosen.includes(sha256(option).toString('hex')));
            } catch {
                // Not these two.
            }
        }
    }
}

async function vote({ poll, options }) {
    const asked = known.get(poll);
    const { remoteJid, fromMe, participant } = asked.key;
    const voter = own()[0];
    const asker = fromMe ? voter : (bare([participant, asked.key.participantAlt, remoteJid, asked.key.remoteJidAlt].find(it => it?.endsWith('@s.whatsapp.net'))) ?? bare(participant ?? remoteJid));
    const sealed = seal(asked.message.messageContextInfo.messageSecret, poll, asker, voter);
    const plain = proto.Message.PollVoteMessage.encode({ selectedOptions: options.map(sha256) }).finish();
    const encIv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', sealed.key, encIv).setAAD(sealed.additional);
    const encPayload = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    const pollUpdateMessage = {
        pollCreationMessageKey: asked.key,
        vote: { encPayload, encIv },
        senderTimestampMs: Date.now(),
    };
    return { id: await socket.relayMessage(remoteJid, { pollUpdateMessage }, {}) };
}

// Files and keys stand in commands as what names them.
function revived(value) {
    if (Array.isArray(value)) return value.map(revived);
    if (value === null || typeof value !== 'object') return value;
    if ('$bytes' in value) return Buffer.from(value.$bytes, 'base64');
    if ('$key' in value) return known.get(value.$key).key;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, revived(inner)]));
}

const jid = to => (to.includes('@') ? to.replace('@c.us', '@s.whatsapp.net') : `${to}@s.whatsapp.net`);
const sent = message => {
    known.set(message.key.id, message);
    return { id: message.key.id };
};

const commands = {
    link,
    text: async ({ to, text }) => sent(await socket.sendMessage(jid(to), { text })),
    image: async ({ to, data, mimetype, caption }) =>
        sent(await socket.sendMessage(jid(to), { image: Buffer.from(data, 'base64'), mimetype, caption })),
    send: async ({ to, content, audience }) =>
        sent(await socket.sendMessage(jid(to), revived(content), { statusJidList: audience?.map(jid) })),
    vote,
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
