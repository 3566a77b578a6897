/** A real n8n in a temporary folder, with the packed node installed as a person installs it. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { Program, freePort, soon } from '../../testkit/process.mjs';

const PACKAGE = new URL('..', import.meta.url).pathname;
const CACHE = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const OWNER = { email: 'owner@example.org', firstName: 'O', lastName: 'W', password: 'Abcdef123456' };

/** Where `install-n8n` puts it. */
export const INSTALLED = process.env.OPENWA_N8N ?? join(CACHE, 'openwa/n8n-2.8.4');

/** Whether it did. */
export const isInstalled = () => existsSync(join(INSTALLED, 'complete'));

/** Packs the node as npm would publish it, and unpacks it where n8n looks for community nodes. */
function install(folder) {
	const modules = join(folder, '.n8n/nodes/node_modules');
	const place = join(modules, 'n8n-nodes-openwa');
	mkdirSync(place, { recursive: true });
	const options = { cwd: PACKAGE, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
	const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', modules], options);
	const [{ filename }] = JSON.parse(packed);
	execFileSync('tar', ['-xzf', join(modules, filename), '-C', place, '--strip-components', '1']);
}

export class N8n {
	#cookie;
	#program;

	/** One that was never started before. */
	static async first(folder) {
		install(folder);
		const n8n = new N8n(folder, await freePort());
		await n8n.start();
		await n8n.ask('POST', '/rest/owner/setup', OWNER);
		return n8n;
	}

	constructor(folder, port) {
		this.folder = folder;
		this.port = port;
		this.url = `http://127.0.0.1:${port}`;
	}

	/** Starts it, again on the same folder, and waits until its workflows are active. */
	async start() {
		this.#program = new Program(
			process.execPath,
			[join(INSTALLED, 'node_modules/n8n/bin/n8n'), 'start'],
			{ cwd: this.folder, environment: this.#environment() },
		);
		await this.#program.says(/Editor is now accessible via/);
	}

	/** Ends it, and waits until it has ended. */
	async stop() {
		await this.#program.stop();
	}

	#environment() {
		return {
			N8N_USER_FOLDER: this.folder,
			N8N_PORT: String(this.port),
			N8N_LISTEN_ADDRESS: '127.0.0.1',
			WEBHOOK_URL: `${this.url}/`,
			N8N_ENCRYPTION_KEY: 'only for this test',
			N8N_PUSH_BACKEND: 'sse',
			N8N_SECURE_COOKIE: 'false',
			N8N_DIAGNOSTICS_ENABLED: 'false',
			N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
			N8N_TEMPLATES_ENABLED: 'false',
			N8N_PERSONALIZATION_ENABLED: 'false',
			N8N_COMMUNITY_PACKAGES_ALLOW_TOOL_USAGE: 'true',
			N8N_UNVERIFIED_PACKAGES_ENABLED: 'true',
			N8N_RUNNERS_BROKER_PORT: '0',
			N8N_RUNNERS_ENABLED: 'false',
			N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: 'true',
			EXECUTIONS_DATA_SAVE_ON_SUCCESS: 'all',
		};
	}

	/** Waits until it has said something of this form. */
	async says(pattern) {
		return await this.#program.says(pattern);
	}

	/** Asks its own API; anything but a success is a failure of the test. */
	async ask(method, path, body, headers = {}) {
		const answer = await fetch(this.url + path, {
			method,
			headers: {
				'Content-Type': 'application/json',
				...(this.#cookie ? { Cookie: this.#cookie } : {}),
				...headers,
			},
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const cookie = answer.headers.getSetCookie().find((it) => it.startsWith('n8n-auth='));
		if (cookie) this.#cookie = cookie.split(';')[0];
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 2000)}`);
		const told = JSON.parse(text);
		return told.data ?? told;
	}

	async credential(data) {
		const credential = { name: 'OpenWA', type: 'openWaApi', data };
		const { id } = await this.ask('POST', '/rest/credentials', credential);
		return { openWaApi: { id, name: 'OpenWA' } };
	}

	/** What the button "test" of a credential says. */
	async test({ openWaApi: { id, name } }, data) {
		const credentials = { id, name, type: 'openWaApi', data };
		return await this.ask('POST', '/rest/credentials/test', { credentials });
	}

	async workflow(workflow) {
		const { tags, ...sent } = workflow;
		return await this.ask('POST', '/rest/workflows', sent);
	}

	async activate({ id }) {
		const { versionId } = await this.ask('GET', `/rest/workflows/${id}`);
		await this.ask('POST', `/rest/workflows/${id}/activate`, { versionId });
	}

	async deactivate({ id }) {
		await this.ask('POST', `/rest/workflows/${id}/deactivate`, {});
	}

	/** Runs nodes one after another, as the button "execute" does, and gives the items of the last. */
	async run(name, nodes) {
		const start = {
			parameters: {},
			id: 'start',
			name: 'Start',
			type: 'n8n-nodes-base.manualTrigger',
			typeVersion: 1,
			position: [0, 0],
		};
		const all = [start, ...nodes.map((it, place) => ({ ...it, id: it.name, position: [200 * place, 0] }))];
		const connections = {};
		for (const [place, { name: from }] of all.slice(0, -1).entries()) {
			connections[from] = { main: [[{ node: all[place + 1].name, type: 'main', index: 0 }]] };
		}
		const workflow = await this.workflow({ name, nodes: all, connections, settings: {} });
		const pushes = await this.#pushes();
		const { executionId } = await this.ask(
			'POST',
			`/rest/workflows/${workflow.id}/run`,
			{ workflowData: workflow, triggerToStartFrom: { name: 'Start' } },
			{ 'push-ref': pushes.ref },
		);
		await pushes.find((it) => it.type === 'executionFinished' && it.data.executionId === executionId);
		pushes.close();
		const execution = await this.execution(executionId);
		const { runData, error } = execution.data.resultData;
		const last = runData[all.at(-1).name]?.[0];
		return { status: execution.status, error: error ?? last?.error, items: last?.data?.main?.[0] ?? [] };
	}

	/** What n8n tells an editor that is open. */
	async #pushes() {
		const ref = `test-${Math.random().toString(36).slice(2)}`;
		const hangUp = new AbortController();
		const answer = await fetch(`${this.url}/rest/push?pushRef=${ref}`, {
			headers: { Cookie: this.#cookie, Origin: this.url },
			signal: hangUp.signal,
		});
		if (!answer.ok) throw new Error(`push: ${answer.status} ${await answer.text()}`);
		const told = messagesOf(answer.body);
		const first = async (wanted) => {
			for (;;) {
				const { value, done } = await told.next();
				if (done) throw new Error('n8n ended the stream');
				if (wanted(value)) return value;
			}
		};
		return { ref, close: () => hangUp.abort(), find: (wanted) => soon('a push', first(wanted)) };
	}

	async execution(id) {
		const execution = await this.ask('GET', `/rest/executions/${id}`);
		const { parse } = createRequire(join(INSTALLED, 'node_modules/n8n/package.json'))('flatted');
		return { ...execution, data: parse(execution.data) };
	}

	/** The executions of a workflow, newest first. */
	async executions({ id }) {
		const filter = encodeURIComponent(JSON.stringify({ workflowId: id }));
		const { results } = await this.ask('GET', `/rest/executions?filter=${filter}&limit=100`);
		return results;
	}
}

async function* messagesOf(body) {
	const decoder = new TextDecoder();
	let rest = '';
	for await (const chunk of body) {
		rest += decoder.decode(chunk, { stream: true });
		const lines = rest.split('\n');
		rest = lines.pop();
		for (const line of lines) {
			if (line.startsWith('data:')) yield JSON.parse(line.slice(5));
		}
	}
}
