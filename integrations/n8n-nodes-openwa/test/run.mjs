/** The node inside a real n8n, against a real gateway on the sandbox network. */

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Gateway } from '../../testkit/gateway.mjs';
import { Relay } from '../../testkit/relay.mjs';
import { N8n, isInstalled } from './n8n.mjs';

const EXAMPLE = new URL('../../../examples/n8n/answer-customers.json', import.meta.url);
const skip = isInstalled() ? false : 'n8n is not installed: integrations/n8n-nodes-openwa/test/install-n8n';
const folder = mkdtempSync(join(tmpdir(), 'openwa-n8n-'));

let gateway, relay, operator, n8n, session, ada, credentials, answering;

const openwa = (name, parameters) => ({
	name,
	type: 'n8n-nodes-openwa.openWa',
	typeVersion: 1,
	parameters,
	credentials,
});

/** A value of a field that can also be chosen from a list. */
const written = (value) => ({ __rl: true, mode: 'id', value });

const sending = (name, operation, others) =>
	openwa(name, {
		resource: 'message',
		operation,
		sessionId: written(session.id),
		chatId: written('+1 (555) 123-4567'),
		...others,
	});

const webhooks = () => gateway.ask('GET', `/api/sessions/${session.id}/webhooks`);

before(async () => {
	if (skip) return;
	// Attempts are used up within a second, so that a downtime outlasts them.
	gateway = await Gateway.start(folder, { WEBHOOK_RETRY_DELAY: '50' });
	session = await gateway.readySession('shop');
	ada = await gateway.phone('Ada', '15551234567');
	relay = await Relay.to(gateway.url);
	operator = (await gateway.ask('POST', '/api/auth/api-keys', { name: 'n8n', role: 'operator' })).apiKey;
	n8n = await N8n.first(folder);
	credentials = await n8n.credential({ baseUrl: `${relay.url}/`, apiKey: operator });
});

after(async () => {
	await n8n?.stop();
	await relay?.cut();
	await gateway?.program.stop();
	rmSync(folder, { recursive: true, force: true });
});

test('n8n loads the nodes, and offers the action as a tool', { skip }, async () => {
	const types = await n8n.ask('GET', '/types/nodes.json');
	const names = types.map((it) => it.name).filter((it) => it.startsWith('n8n-nodes-openwa.'));
	assert.deepEqual(names.sort(), ['openWa', 'openWaTool', 'openWaTrigger'].map((it) => `n8n-nodes-openwa.${it}`));
});

test('a credential is tested, and a bad key refused', { skip }, async () => {
	const good = { baseUrl: gateway.url, apiKey: operator };
	assert.equal((await n8n.test(credentials, good)).status, 'OK');
	const refused = await n8n.test(credentials, { ...good, apiKey: 'owa_k1_nonsense' });
	assert.equal(refused.status, 'Error');
	assert.match(refused.message, /credential|authori|401|key/i);
});

test('sessions and chats are chosen from lists', { skip }, async () => {
	const list = (path, methodName, sessionId) =>
		n8n.ask('POST', '/rest/dynamic-node-parameters/resource-locator-results', {
			path,
			methodName,
			nodeTypeAndVersion: { name: 'n8n-nodes-openwa.openWa', version: 1 },
			currentNodeParameters: { resource: 'message', operation: 'sendText', sessionId },
			credentials,
		});
	const sessions = await list('parameters.sessionId', 'sessions', written(''));
	assert.deepEqual(sessions.results.map((it) => it.value), [session.id]);
	assert.match(sessions.results[0].name, /^shop \(\+\d+\), ready$/);
	await gateway.ask('POST', `/api/sessions/${session.id}/messages/send-text`, { chatId: ada.chat, text: 'Hello' });
	assert.equal((await ada.next()).text, 'Hello');
	const chats = await list('parameters.chatId', 'chats', written(session.id));
	assert.ok(chats.results.some((it) => it.value === ada.chat), JSON.stringify(chats));
});

test('a workflow sends a message, once for each item', { skip }, async () => {
	const items = { mode: 'raw', jsonOutput: '{"greeting": "Grüß dich 👋"}', options: {} };
	const made = { name: 'Item', type: 'n8n-nodes-base.set', typeVersion: 3.4, parameters: items };
	const { status, items: sent } = await n8n.run('send', [
		made,
		sending('Send', 'sendText', { text: '={{ $json.greeting }}', additionalFields: {} }),
	]);
	assert.equal(status, 'success');
	assert.equal(typeof sent[0].json.messageId, 'string');
	const seen = await ada.next();
	assert.equal(seen.text, 'Grüß dich 👋');
	assert.equal(seen.id, sent[0].json.messageId);
});

test('the same idempotency key sends once', { skip }, async () => {
	const twice = () =>
		n8n.run('once', [sending('Send', 'sendText', { text: 'Once', additionalFields: { idempotencyKey: 'order-42' } })]);
	const ids = [await twice(), await twice()].map((it) => it.items[0].json.messageId);
	assert.equal(ids[0], ids[1]);
	assert.equal((await ada.next()).text, 'Once');
	assert.deepEqual(await ada.others(), []);
});

test('a file goes out of an item and comes back into one', { skip }, async () => {
	const text = 'A bill über 5 €\n'.repeat(5000);
	const made = { name: 'Item', type: 'n8n-nodes-base.set', typeVersion: 3.4 };
	made.parameters = { mode: 'raw', jsonOutput: JSON.stringify({ text }), options: {} };
	const file = { name: 'File', type: 'n8n-nodes-base.convertToFile', typeVersion: 1.1 };
	file.parameters = {
		operation: 'toText',
		sourceProperty: 'text',
		binaryPropertyName: 'bill',
		options: { fileName: 'bill "5".txt' },
	};
	const { error, items } = await n8n.run('file', [
		made,
		file,
		sending('Send', 'sendDocument', {
			mediaSource: 'binary',
			binaryPropertyName: 'bill',
			additionalFields: { caption: 'Your bill' },
		}),
	]);
	assert.equal(error, undefined);
	const seen = await ada.next();
	assert.equal(seen.text, 'Your bill');
	assert.equal(seen.media.filename, 'bill "5".txt');
	assert.equal(Buffer.from(seen.media.data, 'base64').toString(), text);

	const download = sending('Download', 'downloadMedia', {
		messageId: items[0].json.messageId,
		outputPropertyName: 'copy',
	});
	const back = await n8n.run('download', [download]);
	assert.equal(back.error, undefined);
	assert.equal(back.items[0].json.fileSize, Buffer.byteLength(text));
	assert.equal(back.items[0].binary.copy.fileName, 'bill "5".txt');
});

test('a QR code is an image', { skip }, async () => {
	const other = await gateway.ask('POST', '/api/sessions', { name: 'unlinked' });
	const events = await gateway.follow(`sessionId=${other.id}&types=session.qr&after=0`);
	await gateway.ask('POST', `/api/sessions/${other.id}/start`);
	await events.find((it) => it.event === 'session.qr');
	events.close();
	const { items, error } = await n8n.run('qr', [
		openwa('QR', {
			resource: 'session',
			operation: 'getQr',
			sessionId: written(other.id),
			outputPropertyName: 'data',
		}),
	]);
	assert.equal(error, undefined);
	assert.equal(items[0].binary.data.mimeType, 'image/png');
	assert.equal(items[0].json.qrCode, undefined);
	await gateway.ask('DELETE', `/api/sessions/${other.id}`);
});

test('pages follow each other up to a limit, or to the end', { skip }, async () => {
	const events = (paging) =>
		n8n.run('events', [
			openwa('Events', {
				resource: 'event',
				operation: 'list',
				sessionId: written(session.id),
				options: {},
				...paging,
			}),
		]);
	for (let count = 0; count < 120; count++) await ada.write(session.number, `number ${count}`);
	await gateway.reaches(session.id, 'message.received', 120);
	const all = (await events({ returnAll: true })).items.map((it) => it.json.seq);
	assert.ok(all.length >= 120, `${all.length}`);
	assert.deepEqual(all, [...all.keys()].map((it) => it + 1));
	const some = await events({ returnAll: false, limit: 3 });
	assert.deepEqual(some.items.map((it) => it.json.seq), [1, 2, 3]);
});

test('the gateway says what is wrong', { skip }, async () => {
	const long = sending('Send', 'sendText', { text: 'x'.repeat(5000), additionalFields: {} });
	const { status, error } = await n8n.run('wrong', [long]);
	assert.equal(status, 'error');
	assert.match(`${error.message} ${error.description}`, /text.*4096/);
	assert.equal(error.httpCode, '400');
});

test('the example answers a message', { skip }, async () => {
	const example = JSON.parse(readFileSync(EXAMPLE, 'utf8'));
	const [trigger] = example.nodes;
	trigger.parameters.sessionId = { ...written(session.id), mode: 'list' };
	for (const node of example.nodes) node.credentials = credentials;
	answering = await n8n.workflow(example);
	await n8n.activate(answering);
	const [webhook, ...others] = await webhooks();
	assert.deepEqual(others, []);
	assert.equal(webhook.active, true);
	assert.deepEqual(webhook.events, ['message.received']);
	await ada.write(session.number, 'a good soup');
	const seen = await ada.next();
	assert.equal(seen.text, 'Thank you for "a good soup". We will answer within the hour.');
	assert.equal(typeof seen.quoted, 'string');
});

test('a forged delivery is refused, and a repeated one runs nothing', { skip }, async () => {
	const [{ url }] = await webhooks();
	const { staticData } = await n8n.ask('GET', `/rest/workflows/${answering.id}`);
	const kept = staticData['node:When a customer writes'];
	const deliver = async (body, secret) => {
		const signature = createHmac('sha256', secret).update(body).digest('hex');
		const headers = { 'Content-Type': 'application/json', 'X-OpenWA-Signature': `sha256=${signature}` };
		return await fetch(url, { method: 'POST', headers, body });
	};
	const body = JSON.stringify({
		event: 'message.received',
		sessionId: session.id,
		idempotencyKey: 'delivered twice',
		data: { id: 'none', chatId: ada.chat, body: 'again' },
	});
	const before = (await n8n.executions(answering)).length;
	assert.equal((await deliver(body, 'another secret of some length')).status, 401);
	assert.equal((await fetch(url, { method: 'POST', body })).status, 401);
	const first = await deliver(body, kept.secret);
	assert.equal(first.status, 200);
	const second = await deliver(body, kept.secret);
	assert.deepEqual([second.status, await second.json()], [200, { duplicate: true }]);
	assert.equal((await n8n.executions(answering)).length, before + 1);
});

test('it survives a restart of n8n', { skip }, async () => {
	const [before] = await webhooks();
	await n8n.stop();
	await n8n.start();
	const after = await webhooks();
	assert.deepEqual(after.map((it) => [it.id, it.updatedAt]), [[before.id, before.updatedAt]]);
	await ada.write(session.number, 'waiting');
	assert.match((await ada.next()).text, /"waiting"/);
});

test('n8n may start while the gateway is out of reach', { skip }, async () => {
	const [before] = await webhooks();
	await n8n.stop();
	await relay.cut();
	await n8n.start();
	await n8n.says(/the gateway does not answer/);
	await relay.mend();
	await ada.write(session.number, 'early');
	assert.match((await ada.next()).text, /"early"/);
	assert.deepEqual((await webhooks()).map((it) => it.id), [before.id]);
});

test('it misses nothing while n8n is down, however long', { skip }, async () => {
	await n8n.stop();
	const words = ['one', 'two', 'three'];
	for (const word of words) await ada.write(session.number, word);
	await given(() => gateway.ask('GET', '/api/webhooks/delivery-failures'), (it) => it.length === words.length);
	await n8n.start();
	const seen = [];
	for (const _ of words) seen.push((await ada.next()).text);
	// Each delivery starts an execution of its own, and those run side by side.
	assert.deepEqual(
		seen.sort(),
		words.map((it) => `Thank you for "${it}". We will answer within the hour.`).sort(),
	);
	assert.deepEqual(await gateway.ask('GET', '/api/webhooks/delivery-failures'), []);
	assert.deepEqual(await ada.others(), []);
});

test('a file that comes in is binary data', { skip }, async () => {
	const content = Buffer.from('a picture');
	const media = { mimetype: 'image/png', data: content.toString('base64') };
	await ada.send({ chat: `${session.number}@c.us`, text: 'look', media });
	assert.match((await ada.next()).text, /"look"/);
	// The answer is out before the execution is stored.
	const [{ id }] = await given(() => n8n.executions(answering), ([newest]) => newest.status === 'success');
	const { data } = await n8n.execution(id);
	const [item] = data.resultData.runData['When a customer writes'][0].data.main[0];
	assert.equal(item.binary.data.mimeType, 'image/png');
	assert.equal(item.json.data.media.data, undefined);
});

test('switched off, nothing is left at the gateway; switched on, there is one again', { skip }, async () => {
	await n8n.deactivate(answering);
	assert.deepEqual(await webhooks(), []);
	await n8n.activate(answering);
	assert.equal((await webhooks()).length, 1);
});

/** Asks until the answer is as it should be. */
async function given(ask, isGood) {
	const end = Date.now() + 60_000;
	for (;;) {
		const answer = await ask();
		if (isGood(answer)) return answer;
		if (Date.now() > end) throw new Error(`still ${JSON.stringify(answer)}`);
	}
}
