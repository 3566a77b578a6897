'use strict';

/** Where an events node stands in the gateway's log, in a file, so that a restart goes on from there. */

const fs = require('node:fs');
const path = require('node:path');

class Cursor {
	constructor(folder, name) {
		this.folder = folder;
		this.path = path.join(folder, `${name.replace(/[^A-Za-z0-9_-]/g, '_')}.json`);
	}

	/** The last place taken down for this source, or undefined. */
	read(source) {
		let text;
		try {
			text = fs.readFileSync(this.path, 'utf8');
		} catch (error) {
			if (error.code === 'ENOENT') return undefined;
			throw error;
		}
		const kept = JSON.parse(text);
		return kept.source === source ? kept.after : undefined;
	}

	/** Takes a place down. The file is whole at every moment. */
	write(source, after) {
		fs.mkdirSync(this.folder, { recursive: true });
		const next = `${this.path}.new`;
		fs.writeFileSync(next, JSON.stringify({ source, after }));
		fs.renameSync(next, this.path);
	}

	remove() {
		fs.rmSync(this.path, { force: true });
	}
}

module.exports = { Cursor };
