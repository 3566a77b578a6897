'use strict';

/** Carries out one operation of the generated table. */

const { randomUUID } = require('node:crypto');

const operations = require('../generated/operations');
const { GatewayError, ask, segment } = require('./gateway');

const PAGE = 100;

function find(name) {
	const found = operations.find((it) => it.name === name);
	if (!found) throw new GatewayError(`There is no operation "${name}"`);
	return found;
}

/**
 * @param values what the fields hold, by their names
 * @param file the file that goes with an upload: `{content, filename, mimetype}`
 * @param all whether page after page is asked for
 */
async function run(gateway, name, values, { file, all = false } = {}) {
	const operation = find(name);
	const known = new Set([...operation.fields.map((it) => it.name), 'idempotencyKey']);
	const unknown = Object.keys(values).find((it) => !known.has(it));
	if (unknown !== undefined) throw new GatewayError(`${name} has no field "${unknown}"`);

	let path = operation.path;
	const query = {};
	const body = {};
	for (const field of operation.fields) {
		const value = converted(field, values[field.name]);
		if (value === undefined) {
			const byFile = file && operation.upload && field.name === 'url';
			if (field.required && !byFile) throw new GatewayError(`${name} needs "${field.name}"`);
		} else if (field.in === 'path') {
			path = path.replace(`{${field.name}}`, segment(field.name, value));
		} else if (field.in === 'query') {
			query[field.name] = Array.isArray(value) ? value.join(',') : value;
		} else {
			body[field.name] = value;
		}
	}
	const request = { method: operation.method, path, query, headers: {} };
	request.repeatable = operation.method === 'GET' || operation.idempotent === true;
	if (operation.idempotent) {
		request.headers['Idempotency-Key'] = values.idempotencyKey || `node-red-${randomUUID()}`;
	}
	if (operation.upload && file) {
		delete body.url;
		request.body = form(body, file);
	} else if (operation.fields.some((it) => it.in === 'body')) {
		request.headers['Content-Type'] = 'application/json';
		request.body = JSON.stringify(body);
	}
	if (operation.paging && all) {
		return { status: 200, payload: await everyItem(gateway, request, operation.paging) };
	}
	return await received(operation, await ask(gateway, request));
}

async function received(operation, answer) {
	if (operation.answer === 'file') {
		return {
			status: answer.status,
			payload: Buffer.from(await answer.arrayBuffer()),
			mimetype: answer.headers.get('content-type') ?? undefined,
		};
	}
	const text = await answer.text();
	return { status: answer.status, payload: text === '' ? null : JSON.parse(text) };
}

/** Page after page, until there are no more. */
async function everyItem(gateway, request, paging) {
	const query = { ...request.query, limit: PAGE };
	const found = [];
	for (;;) {
		const body = await (await ask(gateway, { ...request, query })).json();
		const page = paging.items ? body[paging.items] : body;
		found.push(...page);
		if (paging.by === 'offset') {
			if (page.length < PAGE) return found;
			query.offset = Number(query.offset ?? 0) + page.length;
		} else {
			// A page may be empty although more follow: what this key may not see is left out of it.
			const next = body[paging.next];
			if (String(next) === String(query[paging.after] ?? 0)) return found;
			query[paging.after] = next;
		}
	}
}

/** Turns what a person or a flow gave into what the field takes. */
function converted(field, given) {
	if (given === undefined) return undefined;
	if (given === null || given === '') {
		if (field.nullable) return null;
		return given === '' && field.required && field.kind === 'text' ? '' : undefined;
	}
	switch (field.kind) {
		case 'text':
			return field.name === 'chatId' ? chatId(String(given)) : String(given);
		case 'number':
			return Number(given);
		case 'boolean':
			return given === true || given === 'true';
		case 'time':
			return new Date(given).toISOString();
		case 'list':
			return Array.isArray(given) ? given : String(given).split(',').map((it) => it.trim()).filter(Boolean);
		default:
			return typeof given === 'string' ? JSON.parse(given) : given;
	}
}

/** A phone number, however it is written, is a chat as well. */
function chatId(given) {
	const digits = given.replace(/[\s()+.-]/g, '');
	return /^[0-9]{6,15}$/.test(digits) ? `${digits}@c.us` : given.trim();
}

function form(fields, { content, filename, mimetype }) {
	const data = new FormData();
	const type = String(fields.mimetype ?? mimetype ?? 'application/octet-stream');
	const called = String(fields.filename ?? filename ?? 'file');
	// The name stands in a field of its own: in a header only some characters survive.
	for (const [name, value] of Object.entries({ ...fields, filename: called, mimetype: type })) {
		for (const one of Array.isArray(value) ? value : [value]) {
			data.append(name, typeof one === 'object' ? JSON.stringify(one) : String(one));
		}
	}
	data.append('file', new Blob([content], { type }), called);
	return data;
}

module.exports = { run };
