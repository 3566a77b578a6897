'use strict';

const events = require('./generated/events');
const operations = require('./generated/operations');
const { ask } = require('./lib/gateway');

module.exports = (RED) => {
	function Gateway(config) {
		RED.nodes.createNode(this, config);
		this.url = config.url;
		this.key = this.credentials.key;
	}

	RED.nodes.registerType('openwa-gateway', Gateway, { credentials: { key: { type: 'password' } } });

	const permission = RED.auth.needsPermission('openwa-gateway.read');
	RED.httpAdmin.get('/openwa/operations', permission, (_, response) => response.json(operations));
	RED.httpAdmin.get('/openwa/events', permission, (_, response) => response.json(events));
	RED.httpAdmin.get('/openwa/:gateway/sessions', permission, async (request, response) => {
		const gateway = RED.nodes.getNode(request.params.gateway);
		if (!gateway) return response.status(404).json({ message: 'Deploy the gateway first' });
		try {
			const query = { limit: 100 };
			const path = '/api/sessions';
			const answer = await ask(gateway, { method: 'GET', path, query, headers: {} });
			const sessions = await answer.json();
			response.json(sessions.map(({ id, name, phone, status }) => ({ id, name, phone, status })));
		} catch (error) {
			response.status(502).json({ message: error.message });
		}
	});
};
