import type { IDataObject, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { catchUp, isDue } from './catch_up';
import { itemOf } from './media';
import { forget, isNew, memoryOf } from './memory';
import { isSigned } from './signature';

/** The event that the gateway sends to try a webhook out. */
const TEST = 'test';

/** Takes one delivery: checked, told apart from those that came before, and given to the workflow. */
export async function receive(this: IWebhookFunctions): Promise<IWebhookResponseData> {
	const request = this.getRequestObject();
	if (request.rawBody === undefined) {
		await request.readRawBody();
	}
	const memory = memoryOf(this);
	const { webhookId, secret } = memory;
	const signature = this.getHeaderData()['x-openwa-signature'];
	if (
		webhookId === undefined ||
		secret === undefined ||
		!isSigned(request.rawBody ?? Buffer.alloc(0), signature, secret)
	) {
		this.getResponseObject().status(401).json({ message: 'The signature is not the gateway\'s' });
		return { noWebhookResponse: true };
	}

	const delivery = JSON.parse(request.rawBody.toString('utf8')) as IDataObject;
	if (delivery.event === TEST) {
		return { webhookResponse: { test: true } };
	}
	const key = String(delivery.idempotencyKey ?? delivery.deliveryId);
	if (!isNew(memory, webhookId, key)) {
		return { webhookResponse: { duplicate: true } };
	}
	try {
		const item = await itemOf(this, delivery);
		if (isDue(memory)) {
			await catchUp(this, memory);
		}
		return { workflowData: [[item]] };
	} catch (error) {
		forget(memory, webhookId, key);
		throw error;
	}
}
