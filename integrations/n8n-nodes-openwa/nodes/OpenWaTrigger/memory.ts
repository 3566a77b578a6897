import type { IHookFunctions, IWebhookFunctions } from 'n8n-workflow';

/**
 * What the trigger keeps across restarts of n8n, in the static data of its workflow. Only activation and
 * deactivation write it: an execution that ends late would bring back what a later activation replaced.
 */
export interface Kept {
	/** The webhook at the gateway. */
	webhookId?: string;
	/** The session that it belongs to. */
	sessionId?: string;
	/** What deliveries are signed with. */
	secret?: string;
}

/** What this process knows of a webhook. */
interface Known {
	/** The idempotency keys of the last deliveries, oldest first. */
	seen: Set<string>;
	/** When deliveries that had failed were last asked for again, in milliseconds. */
	caughtUpAt: number;
}

/** How many deliveries are remembered for each webhook. */
const MOST = 1000;
/** How many webhooks are remembered. */
const MOST_WEBHOOKS = 1000;

const known = new Map<string, Known>();

export function kept(caller: IHookFunctions | IWebhookFunctions): Kept {
	return caller.getWorkflowStaticData('node') as Kept;
}

function of(webhookId: string): Known {
	let found = known.get(webhookId);
	if (found === undefined) {
		found = { seen: new Set(), caughtUpAt: 0 };
		known.set(webhookId, found);
		for (const oldest of known.keys()) {
			if (known.size <= MOST_WEBHOOKS) break;
			known.delete(oldest);
		}
	}
	return found;
}

/**
 * Takes a delivery down as seen; false when it was already. The gateway sends one again when it had no
 * answer in time, so the first may still be at work.
 */
export function isNew(webhookId: string, key: string): boolean {
	const { seen } = of(webhookId);
	if (seen.has(key)) {
		return false;
	}
	seen.add(key);
	for (const oldest of seen) {
		if (seen.size <= MOST) break;
		seen.delete(oldest);
	}
	return true;
}

/** Takes back that a delivery was seen, so that the gateway's next attempt at it counts. */
export function forget(webhookId: string, key: string): void {
	of(webhookId).seen.delete(key);
}

/** Whether this long has passed since the last time; if so, it is now. */
export function isTime(webhookId: string, pause: number): boolean {
	const it = of(webhookId);
	const now = Date.now();
	if (now - it.caughtUpAt < pause) {
		return false;
	}
	it.caughtUpAt = now;
	return true;
}
