import { randomUUID } from 'node:crypto';

import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

/** A multipart body and its type. */
export interface Multipart {
	body: Buffer;
	contentType: string;
}

/** The fields of a body and the file of an item, as `multipart/form-data`. */
export async function withFile(
	caller: IExecuteFunctions,
	itemIndex: number,
	fields: IDataObject,
): Promise<Multipart> {
	const property = caller.getNodeParameter('binaryPropertyName', itemIndex) as string;
	const described = caller.helpers.assertBinaryData(itemIndex, property);
	const content = await caller.helpers.getBinaryDataBuffer(itemIndex, property);
	const { filename, mimetype, ...others } = fields;
	const name = String(filename || described.fileName || 'file');
	const type = String(mimetype || described.mimeType);

	const boundary = `openwa-${randomUUID()}`;
	const parts: Buffer[] = [];
	const part = (head: string, value: Buffer) =>
		parts.push(Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), value, Buffer.from('\r\n'));
	// The name stands in a field of its own: in a header only some characters survive.
	for (const [key, value] of Object.entries({ ...others, filename: name, mimetype: type })) {
		if (value === undefined) continue;
		for (const one of Array.isArray(value) ? value : [value]) {
			const text = typeof one === 'object' ? JSON.stringify(one) : String(one);
			part(`Content-Disposition: form-data; name="${quoted(key)}"`, Buffer.from(text));
		}
	}
	part(
		`Content-Disposition: form-data; name="file"; filename="${quoted(name)}"\r\n` +
			`Content-Type: ${inOneLine(type)}`,
		content,
	);
	parts.push(Buffer.from(`--${boundary}--\r\n`));
	return { body: Buffer.concat(parts), contentType: `multipart/form-data; boundary=${boundary}` };
}

/** A name inside quotation marks, as forms in browsers write it. */
function quoted(name: string): string {
	return name.replace(/"/g, '%22').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

function inOneLine(text: string): string {
	return text.replace(/[\r\n]/g, ' ');
}
