import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { GatewayAnswer } from './gateway';

type Received = Pick<INodeExecutionData, 'json' | 'binary'>;

/** A downloaded file. */
export async function fileOf(
	caller: IExecuteFunctions,
	answer: GatewayAnswer,
	property: string,
): Promise<Received> {
	const content = Buffer.isBuffer(answer.body) ? answer.body : Buffer.from(answer.body as ArrayBuffer);
	const type = String(answer.headers['content-type'] ?? 'application/octet-stream');
	const name = fileName(String(answer.headers['content-disposition'] ?? ''));
	const binary = await caller.helpers.prepareBinaryData(content, name, type.split(';')[0]);
	const json = { mimetype: type, fileName: name ?? null, fileSize: content.length };
	return { json, binary: { [property]: binary } };
}

/** An answer whose field is an image, as a `data:` URL; in another format it stays as it is. */
export async function asImage(
	caller: IExecuteFunctions,
	json: IDataObject,
	field: string,
	property: string,
): Promise<Received> {
	const { [field]: image, ...others } = json;
	const found = /^data:([a-z0-9.+/-]+);base64,(.*)$/s.exec(typeof image === 'string' ? image : '');
	const [, type, content] = found ?? [];
	if (type === undefined || content === undefined) {
		return { json };
	}
	const name = `${field}.${type.split('/').pop()}`;
	const bytes = Buffer.from(content, 'base64');
	const binary = await caller.helpers.prepareBinaryData(bytes, name, type);
	return { json: others, binary: { [property]: binary } };
}

/** The name in a `Content-Disposition` header. */
export function fileName(header: string): string | undefined {
	const encoded = /filename\*=UTF-8''([^;]+)/i.exec(header)?.[1];
	if (encoded !== undefined) {
		try {
			return decodeURIComponent(encoded);
		} catch {
			return encoded;
		}
	}
	return /filename="((?:[^"\\]|\\.)*)"/i.exec(header)?.[1]?.replace(/\\(.)/g, '$1');
}
