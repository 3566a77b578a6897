/** Programs under test: started, waited for by what they say, and ended with the test. */

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

const LIMIT = 120_000;
const running = new Set();

process.on('exit', () => {
	for (const child of running) child.kill('SIGKILL');
});

/** Fails when something does not come within the time that a slow machine may need. */
export async function soon(what, promise, limit = LIMIT) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${what} did not come within ${limit / 1000} s`)), limit);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}

/** A port that nobody listens on now. */
export async function freePort() {
	const server = createServer();
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address();
	await new Promise((resolve) => server.close(resolve));
	return port;
}

export class Program {
	#child;
	#said = '';
	#listeners = new Set();
	#ended;

	/** @param environment what it has besides the path */
	constructor(command, args, { cwd, environment }) {
		const { PATH, HOME } = process.env;
		this.#child = spawn(command, args, {
			cwd,
			env: { PATH, HOME, ...environment },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		running.add(this.#child);
		this.#ended = new Promise((resolve) => {
			this.#child.on('exit', (code, signal) => {
				running.delete(this.#child);
				resolve(signal ?? code);
				for (const heard of this.#listeners) heard();
			});
		});
		for (const stream of [this.#child.stdout, this.#child.stderr]) {
			stream.on('data', (chunk) => {
				this.#said += chunk;
				for (const heard of this.#listeners) heard();
			});
		}
	}

	/** Waits until it has said something of this form, and gives the match. */
	async says(pattern) {
		let heard;
		const found = new Promise((resolve, reject) => {
			heard = () => {
				const match = pattern.exec(this.#said);
				if (match) resolve(match);
				else if (!running.has(this.#child)) reject(new Error(`it ended first:\n${this.#said.slice(-3000)}`));
			};
			this.#listeners.add(heard);
			heard();
		});
		try {
			return await soon(`${pattern}`, found);
		} catch (error) {
			error.message += `\n${this.#said.slice(-3000)}`;
			throw error;
		} finally {
			this.#listeners.delete(heard);
		}
	}

	/** Asks it to end, and waits until it has. */
	async stop(signal = 'SIGTERM') {
		this.#child.kill(signal);
		return await soon('the end of a program', this.#ended);
	}
}
