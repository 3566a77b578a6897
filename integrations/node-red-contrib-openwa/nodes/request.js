'use strict';

const { run } = require('./lib/operation');

module.exports = (RED) => {
	/** What a typed field of the form holds for this message. */
	const evaluated = (node, { value, type }, message) =>
		new Promise((resolve, reject) => {
			RED.util.evaluateNodeProperty(value, type, node, message, (error, result) =>
				error ? reject(error) : resolve(result),
			);
		});

	/** The file of an upload: what the message carries. */
	const fileOf = ({ payload, filename, mimetype }) =>
		Buffer.isBuffer(payload) ? { content: payload, filename, mimetype } : undefined;

	function Request(config) {
		RED.nodes.createNode(this, config);
		const gateway = RED.nodes.getNode(config.gateway);

		this.on('input', async (message, send, done) => {
			try {
				if (!gateway) throw new Error('Choose a gateway');
				const values = {};
				for (const [name, field] of Object.entries(config.fields ?? {})) {
					values[name] = await evaluated(this, field, message);
				}
				Object.assign(values, message.openwa);
				const options = { all: config.all === true, file: fileOf(message) };
				const answer = await run(gateway, config.operation, values, options);
				message.payload = answer.payload;
				message.statusCode = answer.status;
				if (answer.mimetype !== undefined) message.mimetype = answer.mimetype;
				this.status({});
				send(message);
				done();
			} catch (error) {
				this.status({ fill: 'red', shape: 'dot', text: error.code ?? error.status ?? 'failed' });
				if (error.status !== undefined) message.statusCode = error.status;
				done(error);
			}
		});
	}

	RED.nodes.registerType('openwa-request', Request);
};
