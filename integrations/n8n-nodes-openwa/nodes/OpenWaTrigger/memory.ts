import type { IHookFunctions, IWebhookFunctions } from 'n8n-workflow';

/** What the trigger keeps across restarts of n8n, in the static data of its workflow. */
export interface Memory {
	/** The webhook at the gateway. */
	webhookId?: string;
	/** The session that it belongs to. */
	sessionId?: string;
	/** What deliveries are signed with. */
	secret?: string;
	/** The idempotency keys of the last deliveries, oldest first. */
	seen?: string[];
	/** When deliveries that had failed were last asked for again, in milliseconds. */
	caughtUpAt?: number;
}

/** How many deliveries are remembered for each webhook. */
const MOST = 500;
/** How many webhooks are remembered in this process. */
const MOST_WEBHOOKS = 1000;

/**
 * Deliveries of different chats come at once, and each is given its own copy of the static data, of
 * which the last one saved wins. What this process has seen heals that.
 */
const seenHere = new Map<string, Set<string>>();

export function memoryOf(caller: IHookFunctions | IWebhookFunctions): Memory {
	return caller.getWorkflowStaticData('node') as Memory;
}

/** Takes a delivery down as seen; false when it was already. */
export function isNew(memory: Memory, webhookId: string, key: string): boolean {
	let here = seenHere.get(webhookId);
	if (here === undefined) {
		if (seenHere.size >= MOST_WEBHOOKS) {
			seenHere.clear();
		}
		here = new Set(memory.seen);
		seenHere.set(webhookId, here);
	}
	if (here.has(key) || memory.seen?.includes(key)) {
		return false;
	}
	here.add(key);
	for (const oldest of here) {
		if (here.size <= MOST) break;
		here.delete(oldest);
	}
	memory.seen = [...here];
	return true;
}

/** Takes back that a delivery was seen, so that the gateway's next attempt at it counts. */
export function forget(memory: Memory, webhookId: string, key: string): void {
	seenHere.get(webhookId)?.delete(key);
	memory.seen = memory.seen?.filter((it) => it !== key);
}
