/** A way to a program that can be cut and mended. */

import { connect, createServer } from 'node:net';

export class Relay {
	#server = createServer((socket) => this.#pass(socket));
	#sockets = new Set();
	#port = 0;

	/** One that leads to this address. */
	static async to(url) {
		const relay = new Relay();
		relay.target = new URL(url);
		await relay.mend();
		return relay;
	}

	get url() {
		return `http://127.0.0.1:${this.#port}`;
	}

	#pass(socket) {
		const onward = connect(Number(this.target.port), this.target.hostname);
		for (const [one, other] of [
			[socket, onward],
			[onward, socket],
		]) {
			this.#sockets.add(one);
			one.on('error', () => other.destroy());
			one.on('close', () => {
				this.#sockets.delete(one);
				other.destroy();
			});
			one.pipe(other);
		}
	}

	/** Ends all connections, and takes no more. */
	async cut() {
		const closed = new Promise((resolve) => this.#server.close(resolve));
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}

	/** Takes connections again, at the same address. */
	async mend() {
		await new Promise((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
		this.#port = this.#server.address().port;
	}
}
