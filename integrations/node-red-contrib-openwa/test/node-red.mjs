/** A real Node-RED without an editor, with the packed nodes installed as a person installs them. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Program } from '../../testkit/process.mjs';

const PACKAGE = new URL('..', import.meta.url).pathname;
const PROGRAM = new URL('node_modules/node-red/red.js', import.meta.url).pathname;

/** Packs the nodes as npm would publish them, and unpacks them where Node-RED looks. */
export function install(folder) {
	const place = join(folder, 'node_modules/node-red-contrib-openwa');
	mkdirSync(place, { recursive: true });
	const options = { cwd: PACKAGE, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
	const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], options);
	const [{ filename }] = JSON.parse(packed);
	execFileSync('tar', ['-xzf', join(folder, filename), '-C', place, '--strip-components', '1']);
	const dependencies = { 'node-red-contrib-openwa': '0.1.0' };
	writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'flows', dependencies }));
}

export class NodeRed {
	#program;

	constructor(folder) {
		this.folder = folder;
		writeFileSync(
			join(folder, 'settings.js'),
			`module.exports = {
				uiHost: '127.0.0.1',
				uiPort: 0,
				credentialSecret: false,
				telemetry: { enabled: false },
				logging: { console: { level: 'debug' } },
			};`,
		);
	}

	/** Starts it, again on the same folder, and waits until it takes requests. */
	async start() {
		const args = ['--userDir', this.folder, '--settings', join(this.folder, 'settings.js')];
		this.#program = new Program(process.execPath, [PROGRAM, ...args], { cwd: this.folder, environment: {} });
		await this.#program.says(/Started flows|Waiting for missing types/);
		const [, url] = await this.#program.says(/Server now running at (\S+?)\/?\n/);
		this.url = url;
	}

	async stop() {
		await this.#program?.stop();
	}

	/** Waits until it has said something of this form. */
	async says(pattern) {
		return await this.#program.says(pattern);
	}

	async ask(method, path, body) {
		const answer = await fetch(this.url + path, {
			method,
			headers: { 'Content-Type': 'application/json', 'Node-RED-API-Version': 'v2' },
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
		return text === '' ? undefined : JSON.parse(text);
	}

	/** Puts these flows in the place of all others. */
	async deploy(flows) {
		await this.ask('POST', '/flows', { flows });
	}
}
