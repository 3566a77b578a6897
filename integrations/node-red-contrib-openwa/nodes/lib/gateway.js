'use strict';

/** The gateway as the nodes ask it: one request, with timeout and retries. */

const TIMEOUT = 120_000;
const RETRIES = 2;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 60_000;
const AGAIN = [408, 429, 500, 502, 503, 504];

/** What went wrong, in the gateway's own words. */
class GatewayError extends Error {
	constructor(message, details = {}) {
		super(message, { cause: details.cause });
		this.name = 'GatewayError';
		this.status = details.status;
		this.code = details.code;
	}
}

/** A part of a path. What would change the path is refused here, not sent. */
function segment(name, value) {
	const text = String(value ?? '');
	if (text.trim() === '' || text === '.' || text === '..') {
		throw new GatewayError(`${name}: "${text}" is not an ID`);
	}
	return encodeURIComponent(text).replaceAll('%40', '@');
}

/** How long to wait before the next attempt. */
function waitAfter(attempt, answer) {
	const told = Number(answer?.headers.get('retry-after'));
	const wait = told > 0 ? told * 1000 : FIRST_WAIT * 2 ** attempt * (1 + Math.random() / 5);
	return Math.min(wait, LONGEST_WAIT);
}

/**
 * Asks the gateway. `repeatable` says that asking twice does it once.
 * @returns {Promise<Response>} a success
 */
async function ask(gateway, request) {
	const url = gateway.url.replace(/\/+$/, '') + request.path + queryOf(request.query);
	const headers = { 'X-API-Key': gateway.key, ...request.headers };
	for (let attempt = 0; ; attempt++) {
		const more = request.repeatable && attempt < RETRIES;
		let answer;
		try {
			answer = await fetch(url, {
				method: request.method,
				headers,
				body: request.body,
				redirect: 'manual',
				signal: AbortSignal.timeout(TIMEOUT),
			});
		} catch (error) {
			if (!more) throw new GatewayError(`The gateway does not answer: ${reason(error)}`, { cause: error });
		}
		if (answer?.ok) return answer;
		if (answer && !(more && AGAIN.includes(answer.status))) throw await refusal(answer);
		await new Promise((resolve) => setTimeout(resolve, waitAfter(attempt, answer)));
	}
}

function reason(error) {
	return error.cause?.message || error.cause?.code || error.message;
}

async function refusal(answer) {
	const text = await answer.text();
	let body = {};
	try {
		body = JSON.parse(text);
	} catch {
		// A proxy in between answers in its own way; the status has to do.
	}
	const message = body.message ?? `HTTP status ${answer.status}`;
	return new GatewayError(message, { status: answer.status, code: body.code });
}

function queryOf(query = {}) {
	const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
	const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
	return text === '' ? '' : `?${text}`;
}

module.exports = { GatewayError, ask, segment };
