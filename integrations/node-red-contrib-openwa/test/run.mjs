/** The nodes inside a real Node-RED, against a real gateway on the sandbox network. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Gateway } from '../../testkit/gateway.mjs';
import { Relay } from '../../testkit/relay.mjs';
import { NodeRed, install } from './node-red.mjs';

const DOCUMENT = new URL('../../../openapi/openapi.json', import.meta.url);
const EXAMPLE = new URL('../examples/echo.json', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'openwa-node-red-'));

let gateway, relay, red, session, ada;

/** A flow behind an HTTP route: what is posted becomes the message, and what comes out the answer. */
const asked = (operation, fields = {}, others = {}) => {
	const name = `/ask/${operation}`;
	const id = operation.replace('.', '-');
	const z = 'asked';
	return [
		{ id: `${id}-in`, z, type: 'http in', url: name, method: 'post', upload: false, wires: [[`${id}-pick`]] },
		{
			id: `${id}-pick`,
			z,
			type: 'function',
			func: `const {payload, ...rest} = msg.payload;
				if (payload) msg.payload = Buffer.from(payload, 'base64'); else msg.payload = '';
				return Object.assign(msg, rest);`,
			outputs: 1,
			wires: [[id]],
		},
		{ id, z, type: 'openwa-request', gateway: 'gateway', operation, fields, ...others, wires: [[`${id}-out`]] },
		{ id: `${id}-out`, z, type: 'http response', statusCode: '', wires: [] },
		{ id: `${id}-catch`, z, type: 'catch', scope: [id], wires: [[`${id}-failed`]] },
		{
			id: `${id}-failed`,
			z,
			type: 'function',
			func: 'msg.payload = {failed: msg.error.message}; msg.statusCode = 500; return msg;',
			outputs: 1,
			wires: [[`${id}-out`]],
		},
	];
};

const typed = (value, type = 'str') => ({ value, type });

const config = () => ({
	id: 'gateway',
	type: 'openwa-gateway',
	url: gateway.url,
	credentials: { key: gateway.key },
});

async function ask(operation, body) {
	const answer = await fetch(`${red.url}/ask/${operation}`, {
		method: 'POST',
		headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify(body),
	});
	return { status: answer.status, body: answer };
}

before(async () => {
	gateway = await Gateway.start(folder);
	session = await gateway.readySession('shop');
	relay = await Relay.to(gateway.url);
	ada = await gateway.phone('Ada', '15551234567');
	install(folder);
	red = new NodeRed(folder);
	await red.start();
	const chat = { sessionId: typed(session.id), chatId: typed('to', 'msg') };
	await red.deploy([
		{ id: 'asked', type: 'tab', label: 'asked' },
		config(),
		...asked('messages.sendText', { ...chat, text: typed('"Hello " & text', 'jsonata') }),
		...asked('messages.sendDocument', chat),
		...asked('messages.downloadMedia', { sessionId: typed(session.id) }),
		...asked('events.list', { sessionId: typed(session.id) }, { all: true }),
		...asked('sessions.get'),
	]);
});

after(async () => {
	await red?.stop();
	await relay?.cut();
	await gateway?.program.stop();
	rmSync(folder, { recursive: true, force: true });
});

test('the editor is told of every operation, event and session', async () => {
	const document = JSON.parse(readFileSync(DOCUMENT, 'utf8'));
	const operations = await red.ask('GET', '/openwa/operations');
	assert.ok(operations.some((it) => it.name === 'messages.sendText'));
	const all = Object.values(document.paths).flatMap((it) => Object.values(it));
	const once = all.filter((it) => it.operationId && !it.responses['200']?.content?.['text/event-stream']);
	assert.equal(operations.length, once.length);
	const events = await red.ask('GET', '/openwa/events');
	assert.ok(events.some((it) => it.event === 'message.received'));
	const sessions = await red.ask('GET', '/openwa/gateway/sessions');
	assert.deepEqual(sessions.map((it) => it.id), [session.id]);
});

test('a flow sends a message', async () => {
	const { status, body } = await ask('messages.sendText', { to: '+1 555 123-4567', text: 'wörld 👋' });
	const sent = await body.json();
	assert.equal(status, 201, JSON.stringify(sent));
	const seen = await ada.next();
	assert.deepEqual([seen.text, seen.id], ['Hello wörld 👋', sent.messageId]);
});

test('a file goes out of a message and comes back into one', async () => {
	const content = Buffer.from('A bill über 5 €\n'.repeat(5000));
	const { body } = await ask('messages.sendDocument', {
		to: ada.chat,
		payload: content.toString('base64'),
		filename: 'größe "5".txt',
		mimetype: 'text/plain',
	});
	const { messageId } = await body.json();
	const seen = await ada.next();
	assert.equal(seen.media.filename, 'größe "5".txt');
	assert.deepEqual(Buffer.from(seen.media.data, 'base64'), content);
	const back = await ask('messages.downloadMedia', { openwa: { chatId: ada.chat, messageId } });
	assert.deepEqual(Buffer.from(await back.body.arrayBuffer()), content);
});

test('page after page', async () => {
	for (let count = 0; count < 120; count++) await ada.write(session.number, `number ${count}`);
	await gateway.reaches(session.id, 'message.received', 120);
	const { body } = await ask('events.list', {});
	const seen = (await body.json()).map((it) => it.seq);
	assert.ok(seen.length >= 120, `${seen.length}`);
	assert.deepEqual(seen, [...seen.keys()].map((it) => it + 1));
});

test('what is wrong goes to the catch node', async () => {
	const told = async (openwa) => (await (await ask('sessions.get', { openwa })).body.json()).failed;
	assert.match(await told({}), /sessions.get needs "sessionId"$/);
	assert.match(await told({ sessionId: '..' }), /sessionId: ".." is not an ID$/);
	assert.match(await told({ sessionId: session.id, colour: 1 }), /sessions.get has no field "colour"$/);
	assert.match(await told({ sessionId: '00000000-0000-7000-8000-000000000000' }), /not found/i);
});

test('the example answers, and goes on after a restart without a loss', async () => {
	const flows = JSON.parse(readFileSync(EXAMPLE, 'utf8'));
	const config = flows.find((it) => it.type === 'openwa-gateway');
	Object.assign(config, { url: relay.url, credentials: { key: gateway.key } });
	await red.deploy(flows);
	await red.says(/events of [^\n]* are followed/);

	// It knows where it stands before the first event has come.
	await red.stop();
	await ada.write(session.number, 'one');
	await red.start();
	assert.equal((await ada.next()).text, 'You said: one');

	await red.stop();
	for (const word of ['two', 'three']) await ada.write(session.number, word);
	await red.start();
	const seen = [(await ada.next()).text, (await ada.next()).text];
	assert.deepEqual(seen.sort(), ['You said: three', 'You said: two']);
	await ada.write(session.number, 'four');
	assert.equal((await ada.next()).text, 'You said: four');
	assert.deepEqual(await ada.others(), []);
});

test('a connection may break, and nothing is lost', async () => {
	await relay.cut();
	await red.says(/stream of [^\n]* ended/);
	await ada.write(session.number, 'five');
	await relay.mend();
	assert.equal((await ada.next()).text, 'You said: five');
	assert.deepEqual(await ada.others(), []);
});
