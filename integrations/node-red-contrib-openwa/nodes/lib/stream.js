'use strict';

/** Server-sent events, cut out of the bytes they come in. */

/** More than this before the end of one event is no event of ours. */
const LONGEST = 64 * 1024 * 1024;

/** Yields `{id, event, data}` for each event of a response's body. */
async function* events(body) {
	const decoder = new TextDecoder();
	let rest = '';
	let current = {};
	for await (const chunk of body) {
		rest += decoder.decode(chunk, { stream: true });
		if (rest.length > LONGEST) throw new Error('the gateway sends an event without an end');
		const lines = rest.split(/\r\n|\n|\r(?!$)/);
		rest = lines.pop();
		for (const line of lines) {
			if (line === '') {
				if (current.data !== undefined) yield current;
				current = {};
				continue;
			}
			const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
			if (name === 'data') {
				current.data = current.data === undefined ? value : `${current.data}\n${value}`;
			} else if (name === 'id' || name === 'event') {
				current[name] = value;
			}
		}
	}
}

module.exports = { events };
