import { randomBytes } from 'node:crypto';

import type { IDataObject, IHookFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import type { GatewayAnswer } from '../OpenWa/gateway';
import { ask, call, refusal, segment } from '../OpenWa/gateway';
import { catchUp } from './catch_up';
import { kept } from './memory';

/** The most that the gateway takes: attempts at once and after 5, 15, 35 and 75 seconds. */
const ATTEMPTS = 5;

/** The webhook as the node's parameters describe it. */
interface Wanted extends IDataObject {
	url: string;
	events: string[];
	filters: IDataObject | null;
	retryCount: number;
}

/** What a person entered as one condition. */
interface Condition {
	field: string;
	operator: string;
	value: string;
}

const FLAGS = ['fromMe', 'hasMedia', 'isGroup'];
const TEXTS = ['body'];

function wanted(caller: IHookFunctions): Wanted {
	const url = caller.getNodeWebhookUrl('default');
	if (url === undefined) {
		throw new NodeOperationError(caller.getNode(), 'n8n has no address for this trigger');
	}
	const events = caller.getNodeParameter('events') as string[];
	if (events.length === 0) {
		throw new NodeOperationError(caller.getNode(), 'Choose at least one event');
	}
	const { condition = [] } = caller.getNodeParameter('filters', {}) as { condition?: Condition[] };
	const conditions = condition.map(({ field, operator, value }) => {
		if (FLAGS.includes(field)) return { field, operator, value: value.trim() === 'true' };
		if (TEXTS.includes(field)) return { field, operator, value };
		return { field, operator, value: value.split(',').map((it) => it.trim()) };
	});
	const filters = conditions.length === 0 ? null : { conditions };
	return { url, events: [...events].sort(), filters, retryCount: ATTEMPTS };
}

function session(caller: IHookFunctions): string {
	return caller.getNodeParameter('sessionId', '', { extractValue: true }) as string;
}

function path(sessionId: string, webhookId?: string): string {
	const all = `/api/sessions/${segment(sessionId)}/webhooks`;
	return webhookId === undefined ? all : `${all}/${segment(webhookId)}`;
}

function differs(there: IDataObject, want: Wanted): boolean {
	const asOne = (it: IDataObject) =>
		JSON.stringify([it.url, [...(it.events as string[])].sort(), it.filters ?? null, it.retryCount]);
	return there.active !== true || asOne(there) !== asOne(want);
}

/** Whether the gateway still has the webhook; brought up to date if so. */
export async function checkExists(caller: IHookFunctions): Promise<boolean> {
	const memory = kept(caller);
	const { webhookId, sessionId, secret } = memory;
	if (webhookId === undefined || sessionId === undefined || secret === undefined) {
		return false;
	}
	if (sessionId !== session(caller)) {
		await remove(caller);
		return false;
	}
	let answer: GatewayAnswer;
	try {
		answer = await ask(caller, { method: 'GET', path: path(sessionId, webhookId) });
	} catch (error) {
		// Failing here would make n8n deactivate the workflow, and that would delete the webhook with
		// all that waits in it. It is the gateway that calls n8n; it will when it is back.
		caller.logger.warn(`OpenWA: the gateway does not answer, its webhook is taken to be there: ${error}`);
		return true;
	}
	if (answer.status === 404) {
		return false;
	}
	if (answer.status !== 200) {
		if (answer.status >= 500 || answer.status === 429) return true;
		throw refusal(caller, answer);
	}
	const want = wanted(caller);
	if (differs(answer.body as IDataObject, want)) {
		const body = { ...want, active: true };
		await call(caller, { method: 'PUT', path: path(sessionId, webhookId), body });
	}
	await catchUp(caller, sessionId, webhookId);
	return true;
}

/** Makes the webhook. One that is there for the same address is taken over. */
export async function create(caller: IHookFunctions): Promise<boolean> {
	const memory = kept(caller);
	const sessionId = session(caller);
	const secret = randomBytes(32).toString('hex');
	const want = { ...wanted(caller), secret };

	const { body: there } = await call(caller, { method: 'GET', path: path(sessionId) });
	const known = (there as IDataObject[]).find((it) => it.url === want.url);
	let webhookId: string;
	if (known === undefined) {
		const { filters, ...others } = want;
		const body = filters === null ? others : { ...others, filters };
		const made = await call(caller, { method: 'POST', path: path(sessionId), body });
		webhookId = String((made.body as IDataObject).id);
	} else {
		webhookId = String(known.id);
		const body = { ...want, active: true };
		await call(caller, { method: 'PUT', path: path(sessionId, webhookId), body });
	}
	Object.assign(memory, { webhookId, sessionId, secret });
	return true;
}

/** Deletes the webhook, and what waits in it. */
export async function remove(caller: IHookFunctions): Promise<boolean> {
	const memory = kept(caller);
	const { webhookId, sessionId } = memory;
	if (webhookId !== undefined && sessionId !== undefined) {
		const request = { method: 'DELETE' as const, path: path(sessionId, webhookId) };
		const answer = await ask(caller, request);
		const gone = answer.status === 404 || (answer.status >= 200 && answer.status < 300);
		if (!gone) throw refusal(caller, answer);
	}
	delete memory.webhookId;
	delete memory.sessionId;
	delete memory.secret;
	return true;
}
