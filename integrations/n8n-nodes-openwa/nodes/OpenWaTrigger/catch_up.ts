import type { IDataObject, IHookFunctions, IWebhookFunctions } from 'n8n-workflow';

import { ask } from '../OpenWa/gateway';
import { isTime } from './memory';

/** How often, at most, a delivery makes the trigger look for others that did not come through. */
const PAUSE = 5 * 60 * 1000;
/** How many deliveries the gateway takes up again at one request. */
const AT_ONCE = 500;
/** How many requests are made; the rest follows at the next opportunity. */
const ROUNDS = 20;
/** The gateway waits for an answer to its delivery meanwhile. */
const TIMEOUT = 3000;

/**
 * Has the gateway deliver again what it gave up on while n8n was down for longer than its attempts
 * last. It keeps the bodies, their order and their idempotency keys, so nothing is lost or doubled.
 */
export async function catchUp(
	caller: IHookFunctions | IWebhookFunctions,
	sessionId: string,
	webhookId: string,
): Promise<void> {
	const request = {
		method: 'POST' as const,
		path: '/api/webhooks/delivery-failures/redrive',
		body: { webhookId, sessionId, limit: AT_ONCE },
		timeout: TIMEOUT,
	};
	for (let round = 0; round < ROUNDS; round++) {
		try {
			const { status, body } = await ask(caller, request);
			if (status !== 200) {
				caller.logger.warn(
					`OpenWA: deliveries that failed were not asked for again (HTTP status ${status}); ` +
						'this needs a key that may do so',
				);
				return;
			}
			if (!Number((body as IDataObject).remaining)) return;
		} catch (error) {
			caller.logger.warn(`OpenWA: deliveries that failed were not asked for again: ${error}`);
			return;
		}
	}
}

/**
 * The same, when a delivery comes in and it has not been done for a while: n8n may have been out of
 * reach without having been restarted.
 */
export async function catchUpNowAndThen(
	caller: IWebhookFunctions,
	sessionId: string,
	webhookId: string,
): Promise<void> {
	if (isTime(webhookId, PAUSE)) {
		await catchUp(caller, sessionId, webhookId);
	}
}
