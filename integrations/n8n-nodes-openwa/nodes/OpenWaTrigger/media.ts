import type { IDataObject, INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';

import { call, segment } from '../OpenWa/gateway';
import { fileName } from '../OpenWa/received';

/** The gateway waits for an answer to its delivery meanwhile. */
const TIMEOUT = 8000;

/** The item of a delivery: a file in it becomes binary data, and one that was left out is fetched. */
export async function itemOf(
	caller: IWebhookFunctions,
	delivery: IDataObject,
): Promise<INodeExecutionData> {
	const data = delivery.data as IDataObject | undefined;
	const media = data?.media as IDataObject | undefined;
	if (!media || !data || !caller.getNodeParameter('downloadMedia', true)) {
		return { json: delivery };
	}
	const { data: base64, ...described } = media;
	let content: Buffer;
	let name = described.filename as string | undefined;
	if (typeof base64 === 'string') {
		content = Buffer.from(base64, 'base64');
	} else {
		try {
			const place = [delivery.sessionId, 'messages', data.chatId, data.id].map((it) =>
				segment(String(it ?? '')),
			);
			const path = `/api/sessions/${place.join('/')}/media`;
			const answer = await call(caller, { method: 'GET', path, file: true, timeout: TIMEOUT });
			content = answer.body as Buffer;
			name ??= fileName(String(answer.headers['content-disposition'] ?? ''));
		} catch (error) {
			caller.logger.warn(`OpenWA: the file of ${data.id} could not be fetched: ${error}`);
			return { json: delivery };
		}
	}
	const type = String(described.mimetype ?? 'application/octet-stream').split(';')[0];
	const binary = await caller.helpers.prepareBinaryData(content, name, type);
	return { json: { ...delivery, data: { ...data, media: described } }, binary: { data: binary } };
}
