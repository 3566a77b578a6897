import { createHash } from 'node:crypto';

import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import type { GatewayRequest } from './gateway';
import { call, segment } from './gateway';
import { operations } from './generated/operations';
import type { Field, Operation } from './operation';
import { everyItem } from './pages';
import { asImage, fileOf } from './received';
import { withFile } from './upload';
import { valueOf } from './values';

/** Carries out the chosen operation for one item. */
export async function run(
	caller: IExecuteFunctions,
	itemIndex: number,
): Promise<INodeExecutionData[]> {
	const resource = caller.getNodeParameter('resource', itemIndex) as string;
	const name = caller.getNodeParameter('operation', itemIndex) as string;
	const operation = operations[`${resource}.${name}`];
	if (operation === undefined) {
		throw new NodeOperationError(caller.getNode(), `There is no operation ${resource}.${name}`, {
			itemIndex,
		});
	}
	const request = await requestOf(caller, operation, itemIndex);
	const pairedItem = { item: itemIndex };

	if (operation.paging !== undefined) {
		const all = caller.getNodeParameter('returnAll', itemIndex) as boolean;
		const most = all ? Infinity : (caller.getNodeParameter('limit', itemIndex) as number);
		const found = await everyItem(caller, request, operation.paging, most);
		return found.map((json) => ({ json, pairedItem }));
	}
	const answer = await call(caller, request);
	if (operation.answer === 'file') {
		const property = caller.getNodeParameter('outputPropertyName', itemIndex) as string;
		return [{ ...(await fileOf(caller, answer, property)), pairedItem }];
	}
	const { body } = answer;
	if (Array.isArray(body)) {
		return body.map((it) => ({ json: objectOf(it), pairedItem }));
	}
	const json = operation.answer === 'none' ? { success: true } : objectOf(body);
	if (operation.image !== undefined) {
		const property = caller.getNodeParameter('outputPropertyName', itemIndex) as string;
		return [{ ...(await asImage(caller, json, operation.image, property)), pairedItem }];
	}
	return [{ json, pairedItem }];
}

/** Items are objects; what is none stands in one. */
function objectOf(value: unknown): IDataObject {
	const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
	return isObject ? (value as IDataObject) : { value: value as IDataObject };
}

async function requestOf(
	caller: IExecuteFunctions,
	operation: Operation,
	itemIndex: number,
): Promise<GatewayRequest> {
	let path = operation.path;
	const query: IDataObject = {};
	const headers: IDataObject = {};
	const body: IDataObject = {};
	for (const field of operation.fields) {
		const value = read(caller, field, itemIndex);
		if (value === undefined) continue;
		if (field.in === 'path') {
			path = path.replace(`{${field.name}}`, part(caller, field, value, itemIndex));
		} else if (field.in === 'query') {
			query[field.name] = Array.isArray(value) ? value.join(',') : (value as IDataObject);
		} else if (field.in === 'header') {
			headers[field.name] = String(value);
		} else {
			body[field.name] = value as IDataObject;
		}
	}
	const request: GatewayRequest = { method: operation.method, path, query, headers, itemIndex };
	if (operation.fields.some((it) => it.in === 'body')) {
		request.body = body;
	}
	if (operation.idempotent) {
		headers['Idempotency-Key'] = idempotencyKey(caller, itemIndex, [operation.path, query, body]);
	}
	if (operation.upload && caller.getNodeParameter('mediaSource', itemIndex) === 'binary') {
		delete body.url;
		const form = await withFile(caller, itemIndex, body);
		request.body = form.body;
		headers['Content-Type'] = form.contentType;
	}
	return request;
}

function read(caller: IExecuteFunctions, field: Field, itemIndex: number): unknown {
	try {
		return valueOf(caller, field, itemIndex);
	} catch (error) {
		throw new NodeOperationError(caller.getNode(), error as Error, { itemIndex });
	}
}

function part(caller: IExecuteFunctions, field: Field, value: unknown, itemIndex: number): string {
	try {
		return segment(String(value));
	} catch (error) {
		const message = `${field.name}: ${(error as Error).message}`;
		throw new NodeOperationError(caller.getNode(), message, { itemIndex });
	}
}

/**
 * The same for each attempt of one run of the node at one item, so that "Retry On Fail" sends once;
 * another for another run, item or content.
 */
function idempotencyKey(caller: IExecuteFunctions, itemIndex: number, content: unknown): string {
	const given = caller.getNodeParameter('additionalFields', itemIndex, {}) as IDataObject;
	if (typeof given.idempotencyKey === 'string' && given.idempotencyKey !== '') {
		return given.idempotencyKey;
	}
	const { $runIndex } = caller.getWorkflowDataProxy(itemIndex);
	const place = [caller.getExecutionId(), caller.getNode().id, $runIndex, itemIndex, content];
	const digest = createHash('sha256').update(JSON.stringify(place)).digest('hex');
	return `n8n-${digest.slice(0, 40)}`;
}
