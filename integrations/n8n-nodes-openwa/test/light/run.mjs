/** What can be said of the node without an n8n: that its forms offer what the document has. */

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const load = createRequire(new URL('dist/', import.meta.url));
const { OpenWa } = load('./nodes/OpenWa/OpenWa.node.js');
const { OpenWaTrigger } = load('./nodes/OpenWaTrigger/OpenWaTrigger.node.js');
const { operations } = load('./nodes/OpenWa/generated/operations.js');
const { chatId, converted } = load('./nodes/OpenWa/values.js');
const { fileName } = load('./nodes/OpenWa/received.js');
const { segment } = load('./nodes/OpenWa/gateway.js');
const { isSigned } = load('./nodes/OpenWaTrigger/signature.js');

const DOCUMENT = JSON.parse(readFileSync(new URL('../../../../openapi/openapi.json', import.meta.url), 'utf8'));
const { properties } = new OpenWa().description;

const resources = properties.find((it) => it.name === 'resource').options.map((it) => it.value);

/** What is shown for a choice, whatever else is chosen. */
const shown = (resource, operation) =>
	properties.filter(({ displayOptions }) => {
		const show = displayOptions?.show ?? {};
		const good = (name, value) => show[name] === undefined || show[name].includes(value);
		return good('resource', resource) && good('operation', operation);
	});

const choices = resources.flatMap((resource) =>
	properties
		.filter((it) => it.name === 'operation' && it.displayOptions.show.resource.includes(resource))
		.flatMap((it) => it.options.map(({ value }) => [resource, value])),
);

test('each operation of the document is offered, and can be carried out', () => {
	const all = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
		Object.entries(methods)
			.filter(([, it]) => it.operationId && !it.responses['200']?.content?.['text/event-stream'])
			.map(([method]) => `${method.toUpperCase()} ${path}`),
	);
	const offered = choices.map((choice) => {
		const { method, path } = operations[choice.join('.')];
		return `${method} ${path}`;
	});
	assert.deepEqual(offered.sort(), all.sort());
	assert.equal(Object.keys(operations).length, choices.length);
});

test('each field of an operation can be entered', () => {
	for (const [resource, operation] of choices) {
		const form = shown(resource, operation);
		for (const { name, group } of operations[`${resource}.${operation}`].fields) {
			const found = group
				? form.find((it) => it.name === group)?.options.find((it) => it.name === name)
				: form.find((it) => it.name === name);
			assert.ok(found, `${resource}.${operation}: ${group ?? ''} ${name}`);
		}
	}
});

test('the trigger offers each event', () => {
	const events = new OpenWaTrigger().description.properties.find((it) => it.name === 'events');
	assert.deepEqual(events.options.map((it) => it.value).sort(), Object.keys(DOCUMENT.webhooks).sort());
});

test('a signature is good for exactly its bytes', () => {
	const body = Buffer.from('{"event":"message.received"}');
	const hex = createHmac('sha256', 'a secret').update(body).digest('hex');
	assert.ok(isSigned(body, `sha256=${hex}`, 'a secret'));
	assert.ok(isSigned(body, `sha256=${hex.toUpperCase()}`, 'a secret'));
	for (const header of [undefined, '', hex, `sha256=${hex}0`, `sha1=${hex}`, `sha256=${'0'.repeat(64)}`, [hex]]) {
		assert.ok(!isSigned(body, header, 'a secret'), `${header}`);
	}
	assert.ok(!isSigned(Buffer.from(`${body} `), `sha256=${hex}`, 'a secret'));
	assert.ok(!isSigned(body, `sha256=${hex}`, 'another'));
});

test('what a person enters becomes what the gateway takes', () => {
	assert.equal(chatId('+1 (555) 123-4567'), '15551234567@c.us');
	assert.equal(chatId(' 120363000000000001@g.us'), '120363000000000001@g.us');
	assert.equal(chatId('12345'), '12345');
	const field = (kind, others) => ({ name: 'it', in: 'body', kind, ...others });
	for (const [kind, given, sent] of [
		['list', 'a, b,,c', ['a', 'b', 'c']],
		['list', ['a,b'], ['a,b']],
		['number', '5', 5],
		['boolean', 'true', true],
		['json', '{"a":1}', { a: 1 }],
		['json', { a: 1 }, { a: 1 }],
		['number', '', undefined],
		['text', '', ''],
		['time', '2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
	]) {
		assert.deepEqual(converted(field(kind), given), sent);
	}
	assert.equal(converted(field('text', { nullable: true }), ''), null);
	assert.throws(() => converted(field('number'), 'five'), /"it" must be a number/);
	assert.throws(() => converted(field('json'), '{'), /"it" must be JSON/);
});

test('no value changes the path', () => {
	assert.equal(segment('15551234567@c.us'), '15551234567@c.us');
	assert.equal(segment('../../keys?x#y'), '..%2F..%2Fkeys%3Fx%23y');
	for (const bad of ['', ' ', '.', '..']) assert.throws(() => segment(bad), RangeError);
});

test('a file keeps its name', () => {
	assert.equal(fileName(`attachment; filename="a.txt"; filename*=UTF-8''gr%C3%B6%C3%9Fe.txt`), 'größe.txt');
	assert.equal(fileName('attachment; filename="bill \\"5\\".txt"'), 'bill "5".txt');
	assert.equal(fileName(`attachment; filename*=UTF-8''%`), '%');
	assert.equal(fileName('inline'), undefined);
});
