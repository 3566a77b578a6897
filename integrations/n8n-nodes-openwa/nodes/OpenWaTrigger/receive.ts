import type { IDataObject, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { asNodeError } from '../OpenWa/gateway';
import { catchUpNowAndThen } from './catch_up';
import { itemOf } from './media';
import { forget, isNew, kept } from './memory';
import { isSigned } from './signature';

/** The event that the gateway sends to try a webhook out. */
const TEST = 'test';

/** Takes one delivery: checked, told apart from those that came before, and given to the workflow. */
export async function receive(caller: IWebhookFunctions): Promise<IWebhookResponseData> {
	const request = caller.getRequestObject();
	if (request.rawBody === undefined) {
		await request.readRawBody();
	}
	const { webhookId, sessionId, secret } = kept(caller);
	const signature = caller.getHeaderData()['x-openwa-signature'];
	if (
		webhookId === undefined ||
		sessionId === undefined ||
		secret === undefined ||
		!isSigned(request.rawBody ?? Buffer.alloc(0), signature, secret)
	) {
		caller.getResponseObject().status(401).json({ message: 'The signature is not the gateway\'s' });
		return { noWebhookResponse: true };
	}

	const delivery = JSON.parse(request.rawBody.toString('utf8')) as IDataObject;
	if (delivery.event === TEST) {
		return { webhookResponse: { test: true } };
	}
	const key = String(delivery.idempotencyKey ?? delivery.deliveryId);
	if (!isNew(webhookId, key)) {
		return { webhookResponse: { duplicate: true } };
	}
	try {
		const item = await itemOf(caller, delivery);
		await catchUpNowAndThen(caller, sessionId, webhookId);
		return { workflowData: [[item]] };
	} catch (error) {
		forget(webhookId, key);
		throw asNodeError(caller, error);
	}
}
