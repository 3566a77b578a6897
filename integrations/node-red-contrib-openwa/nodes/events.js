'use strict';

const path = require('node:path');

const { Cursor } = require('./lib/cursor');
const { follow } = require('./lib/follow');

module.exports = (RED) => {
	const folder = path.join(RED.settings.userDir, 'openwa-events');

	function Events(config) {
		RED.nodes.createNode(this, config);
		const gateway = RED.nodes.getNode(config.gateway);
		if (!gateway) {
			this.status({ fill: 'red', shape: 'dot', text: 'choose a gateway' });
			return;
		}
		const file = new Cursor(folder, this.id);
		// Numbers of one gateway mean nothing at another.
		const cursor = {
			read: () => file.read(gateway.url),
			write: (after) => file.write(gateway.url, after),
		};
		const stop = new AbortController();
		const tell = {
			event: ({ data, ...event }) => this.send({ topic: event.event, payload: data, event }),
			connected: () => {
				this.status({ fill: 'green', shape: 'dot', text: 'connected' });
				this.debug(`the events of ${gateway.url} are followed`);
			},
			lost: (error) => {
				this.status({ fill: 'red', shape: 'ring', text: 'connecting' });
				this.debug(`the stream of ${gateway.url} ended: ${error.message}`);
			},
		};
		const wanted = { sessionId: config.session, types: config.types ?? [] };
		const following = follow(gateway, wanted, cursor, tell, stop.signal);
		following.catch((error) => this.error(error));

		this.on('close', async (removed, done) => {
			stop.abort();
			await following.catch(() => undefined);
			if (removed) file.remove();
			done();
		});
	}

	RED.nodes.registerType('openwa-events', Events);
};
