import type {
	IDataObject,
	IExecuteFunctions,
	IHookFunctions,
	IHttpRequestMethods,
	ILoadOptionsFunctions,
	IWebhookFunctions,
	JsonObject,
} from 'n8n-workflow';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';

/** Whoever may ask the gateway: each kind of function that n8n calls in a node. */
export type Caller = IExecuteFunctions | IHookFunctions | ILoadOptionsFunctions | IWebhookFunctions;

export interface GatewayRequest {
	method: IHttpRequestMethods;
	/** With a leading slash, its parameters encoded. */
	path: string;
	query?: IDataObject;
	body?: IDataObject | Buffer;
	headers?: IDataObject;
	/** Whether the answer is a file. */
	file?: boolean;
	/** In milliseconds. */
	timeout?: number;
	/** Of the input, for the error. */
	itemIndex?: number;
}

export interface GatewayAnswer {
	status: number;
	headers: IDataObject;
	body: unknown;
}

const TIMEOUT = 120_000;

/** A part of a path. What would change the path is refused here, not sent. */
export function segment(value: string): string {
	if (value.trim() === '' || value === '.' || value === '..') {
		throw new RangeError(`"${value}" is not an ID`);
	}
	return encodeURIComponent(value).replace(/%40/g, '@');
}

/** Asks once and gives the answer back, whatever its status. Throws when there is none. */
export async function ask(caller: Caller, request: GatewayRequest): Promise<GatewayAnswer> {
	const credentials = await caller.getCredentials('openWaApi');
	const answer = await caller.helpers.httpRequestWithAuthentication.call(caller, 'openWaApi', {
		method: request.method,
		baseURL: String(credentials.baseUrl).replace(/\/+$/, ''),
		url: request.path,
		qs: request.query,
		body: request.body,
		headers: request.headers,
		json: !request.file && !Buffer.isBuffer(request.body),
		...(request.file ? { encoding: 'arraybuffer' as const } : {}),
		timeout: request.timeout ?? TIMEOUT,
		disableFollowRedirect: true,
		ignoreHttpStatusErrors: true,
		returnFullResponse: true,
	});
	return { status: answer.statusCode, headers: answer.headers, body: answer.body };
}

/** Asks once; anything but a success becomes an error with the gateway's own sentence. */
export async function call(caller: Caller, request: GatewayRequest): Promise<GatewayAnswer> {
	let answer: GatewayAnswer;
	try {
		answer = await ask(caller, request);
	} catch (error) {
		throw new NodeApiError(caller.getNode(), error as JsonObject, {
			itemIndex: request.itemIndex,
			message: 'The gateway does not answer',
			description: `Check the URL of the credential and that the gateway runs. ${(error as Error).message}`,
		});
	}
	if (answer.status >= 200 && answer.status < 300) {
		return answer;
	}
	throw refusal(caller, answer, request.itemIndex);
}

/** The error for an answer that is no success. */
export function refusal(caller: Caller, answer: GatewayAnswer, itemIndex?: number): NodeApiError {
	const body = parsed(answer.body);
	const said = typeof body.message === 'string' ? body.message : `HTTP status ${answer.status}`;
	const code = typeof body.code === 'string' ? body.code : undefined;
	const redirect = answer.status >= 300 && answer.status < 400;
	return new NodeApiError(caller.getNode(), body as JsonObject, {
		itemIndex,
		message: redirect ? 'The gateway URL redirects; enter the final address' : said,
		description: code === undefined ? said : `${code}: ${said}`,
		httpCode: String(answer.status),
	});
}

/** An error as n8n shows it, with the item that it belongs to. */
export function asNodeError(caller: Caller, error: unknown, itemIndex?: number): Error {
	if (error instanceof NodeApiError || error instanceof NodeOperationError) {
		return error;
	}
	return new NodeOperationError(caller.getNode(), error as Error, { itemIndex });
}

/** The JSON object in a body, however it came. */
function parsed(body: unknown): IDataObject {
	const text = Buffer.isBuffer(body) ? body.toString('utf8') : body;
	if (typeof text !== 'string') {
		return (text ?? {}) as IDataObject;
	}
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === 'object' && value !== null ? (value as IDataObject) : { text };
	} catch {
		return { text };
	}
}
