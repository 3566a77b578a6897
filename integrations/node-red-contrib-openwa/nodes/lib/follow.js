'use strict';

/** Follows the gateway's log: connects, gives on what comes, and comes back after each lost connection. */

const { events } = require('./stream');

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
/** The gateway sends a comment every 15 seconds. */
const SILENCE = 45_000;

/**
 * @param cursor `{read(), write(after)}`
 * @param tell `{event(it), connected(), lost(error)}`; an event is taken down once `event` has returned
 * @param stop an `AbortSignal`
 */
async function follow(gateway, { sessionId, types }, cursor, tell, stop) {
	let wait = FIRST_WAIT;
	while (!stop.aborted) {
		const silence = new AbortController();
		const hangUp = () => silence.abort();
		stop.addEventListener('abort', hangUp, { once: true });
		let timer = setTimeout(hangUp, SILENCE);
		try {
			const answer = await open(gateway, { sessionId, types, after: cursor.read() }, silence.signal);
			wait = FIRST_WAIT;
			if (cursor.read() === undefined && answer.headers.has('last-event-id')) {
				cursor.write(answer.headers.get('last-event-id'));
			}
			tell.connected();
			const heard = async function* () {
				for await (const chunk of answer.body) {
					clearTimeout(timer);
					timer = setTimeout(hangUp, SILENCE);
					yield chunk;
				}
			};
			for await (const { id, data } of events(heard())) {
				if (stop.aborted) return;
				tell.event(JSON.parse(data));
				if (id !== undefined) cursor.write(id);
			}
			tell.lost(new Error('the gateway ended the stream'));
		} catch (error) {
			if (stop.aborted) return;
			tell.lost(error);
		} finally {
			clearTimeout(timer);
			stop.removeEventListener('abort', hangUp);
		}
		await pause(wait * (1 + Math.random() / 5), stop);
		wait = Math.min(wait * 2, LONGEST_WAIT);
	}
}

async function open(gateway, { sessionId, types, after }, signal) {
	const url = new URL(`${gateway.url.replace(/\/+$/, '')}/api/events/stream`);
	if (sessionId) url.searchParams.set('sessionId', sessionId);
	if (types.length > 0) url.searchParams.set('types', types.join(','));
	const headers = { 'X-API-Key': gateway.key, Accept: 'text/event-stream' };
	if (after !== undefined) headers['Last-Event-ID'] = after;
	const answer = await fetch(url, { headers, redirect: 'manual', signal });
	if (answer.ok) return answer;
	const told = await answer.json().catch(() => ({}));
	throw new Error(told.message ?? `HTTP status ${answer.status}`);
}

/** Waits, unless it is told to stop. */
function pause(milliseconds, stop) {
	return new Promise((resolve) => {
		const timer = setTimeout(resolve, milliseconds);
		stop.addEventListener('abort', () => {
			clearTimeout(timer);
			resolve();
		}, { once: true });
	});
}

module.exports = { follow };
