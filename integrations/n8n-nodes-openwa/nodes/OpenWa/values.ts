import type { IDataObject, IExecuteFunctions, INodeParameterResourceLocator } from 'n8n-workflow';

import type { Field } from './operation';

/** What the gateway is sent for a field, or undefined when it is left out. */
export function valueOf(caller: IExecuteFunctions, field: Field, itemIndex: number): unknown {
	if (field.group === undefined) {
		// A field that the chosen options hide is not there.
		return converted(field, chosen(caller.getNodeParameter(field.name, itemIndex, null)));
	}
	const group = caller.getNodeParameter(field.group, itemIndex, {}) as IDataObject;
	return converted(field, group[field.name]);
}

/** What was chosen from a list or written beside it. */
function chosen(given: unknown): unknown {
	const locator = given as INodeParameterResourceLocator | null;
	return typeof locator === 'object' && locator?.__rl ? locator.value : given;
}

/** Turns what a person or an expression gave into what the field takes. */
export function converted(field: Field, given: unknown): unknown {
	if (given === undefined) {
		return undefined;
	}
	if (given === null || given === '') {
		if (field.nullable) return null;
		return given === '' && field.kind === 'text' ? '' : undefined;
	}
	switch (field.kind) {
		case 'text':
			return field.name === 'chatId' ? chatId(String(given)) : String(given);
		case 'number':
			return number(field, given);
		case 'boolean':
			return given === 'true' || given === true;
		case 'time':
			return time(field, given);
		case 'list':
			return list(given);
		case 'json':
			return typeof given === 'string' ? json(field, given) : given;
	}
}

/** A phone number, however it is written, is a chat as well. */
export function chatId(given: string): string {
	const digits = given.replace(/[\s()+.-]/g, '');
	return /^[0-9]{6,15}$/.test(digits) ? `${digits}@c.us` : given.trim();
}

/** Several values, as a list or separated by commas. */
function list(given: unknown): unknown[] {
	if (Array.isArray(given)) {
		return given;
	}
	return String(given)
		.split(',')
		.map((it) => it.trim())
		.filter((it) => it !== '');
}

function number(field: Field, given: unknown): number {
	const value = Number(given);
	if (Number.isNaN(value)) {
		throw new TypeError(`"${field.name}" must be a number`);
	}
	return value;
}

/** What the date field gives has no zone and is the server's time. */
function time(field: Field, given: unknown): string {
	const moment = new Date(String(given));
	if (Number.isNaN(moment.getTime())) {
		throw new TypeError(`"${field.name}" must be a date and time`);
	}
	return moment.toISOString();
}

function json(field: Field, given: string): unknown {
	let reason: string;
	try {
		return JSON.parse(given);
	} catch (error) {
		reason = (error as Error).message;
	}
	throw new TypeError(`"${field.name}" must be JSON: ${reason}`);
}
