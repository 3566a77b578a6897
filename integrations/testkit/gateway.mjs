/** A gateway of its own on a sandbox network of its own, with one linked session and one virtual phone. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Program, soon } from './process.mjs';

/** The longest that the sandbox lets a request wait, in milliseconds. */
const WAIT = 30_000;

export class Gateway {
	/** Starts the program named by `OPENWA_BINARY` in a folder. */
	static async start(folder, environment = {}) {
		const binary = process.env.OPENWA_BINARY;
		if (!binary) throw new Error('Set OPENWA_BINARY to the program built with the sandbox');
		const program = new Program(binary, ['serve', '--sandbox', '--port', '0'], {
			cwd: folder,
			environment: { DATA_DIR: join(folder, 'data'), ...environment },
		});
		const [, url] = await program.says(/is listening on (\S+)/);
		return new Gateway(program, url, readFileSync(join(folder, 'data/.api-key'), 'utf8').trim());
	}

	constructor(program, url, key) {
		this.program = program;
		this.url = url;
		this.key = key;
	}

	/** Asks the gateway; anything but a success is a failure of the test. */
	async ask(method, path, body) {
		const answer = await fetch(this.url + path, {
			method,
			headers: { 'X-API-Key': this.key, 'Content-Type': 'application/json' },
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
		return text === '' ? undefined : JSON.parse(text);
	}

	/** A session that is linked to a virtual phone, and ready. */
	async readySession(name) {
		const { id } = await this.ask('POST', '/api/sessions', { name });
		const path = `/api/sessions/${id}`;
		const events = await this.follow(`sessionId=${id}&types=session.status,session.qr&after=0`);
		await this.ask('POST', `${path}/start`);
		await events.find((it) => it.event === 'session.qr');
		const qr = await fetch(`${this.url}${path}/qr?format=raw`, { headers: { 'X-API-Key': this.key } });
		await this.ask('POST', '/sandbox/scan', { qr: await qr.text() });
		await events.find((it) => it.event === 'session.status' && it.data.status === 'ready');
		events.close();
		const { phone } = await this.ask('GET', path);
		return { id, number: phone };
	}

	/** The events of the gateway, as they come. */
	async follow(query) {
		const hangUp = new AbortController();
		const answer = await fetch(`${this.url}/api/events/stream?${query}`, {
			headers: { 'X-API-Key': this.key },
			signal: hangUp.signal,
		});
		const lines = linesOf(answer.body);
		return {
			find: (wanted) => soon('an event', first(lines, wanted)),
			close: () => hangUp.abort(),
		};
	}

	/** Waits until a session has had this many events of a kind. */
	async reaches(session, kind, count) {
		const events = await this.follow(`sessionId=${session}&types=${kind}&after=0`);
		let seen = 0;
		await events.find(() => ++seen === count);
		events.close();
	}

	/** A person with a phone. */
	async phone(name, number) {
		const { id } = await this.ask('POST', '/sandbox/phones', { name, number });
		return new Phone(this, id, `${number}@c.us`);
	}
}

class Phone {
	#read = 0;

	constructor(gateway, id, chat) {
		this.gateway = gateway;
		this.id = id;
		this.chat = chat;
	}

	/** Writes to a number. */
	async write(number, text) {
		await this.send({ chat: `${number}@c.us`, text });
	}

	async send(message) {
		await this.gateway.ask('POST', `/sandbox/phones/${this.id}/messages`, message);
	}

	/** The next message that somebody else sent to this phone, with its file. */
	async next() {
		for (;;) {
			const query = `after=${this.#read}&wait=${WAIT}&limit=1&media=true`;
			const path = `/sandbox/phones/${this.id}/messages?${query}`;
			const messages = await this.gateway.ask('GET', path);
			if (messages.length === 0) throw new Error(`no message came within ${WAIT / 1000} s`);
			this.#read = messages[0].sequence;
			if (!messages[0].fromMe) return messages[0];
		}
	}

	/** Those that came meanwhile, without waiting. */
	async others() {
		const path = `/sandbox/phones/${this.id}/messages?after=${this.#read}`;
		const messages = await this.gateway.ask('GET', path);
		return messages.filter((it) => !it.fromMe);
	}
}

async function* linesOf(body) {
	const decoder = new TextDecoder();
	let rest = '';
	for await (const chunk of body) {
		rest += decoder.decode(chunk, { stream: true });
		const lines = rest.split('\n');
		rest = lines.pop();
		yield* lines;
	}
}

async function first(lines, wanted) {
	for (;;) {
		const { value, done } = await lines.next();
		if (done) throw new Error('the stream ended');
		if (!value.startsWith('data:')) continue;
		const event = JSON.parse(value.slice(5));
		if (wanted(event)) return event;
	}
}
