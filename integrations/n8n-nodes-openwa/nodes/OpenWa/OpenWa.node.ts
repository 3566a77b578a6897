import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import { asNodeError } from './gateway';
import { properties } from './generated/properties';
import { chats, groups, keys, sessions, webhooks } from './lists';
import { run } from './run';

export class OpenWa implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'OpenWA',
		name: 'openWa',
		icon: { light: 'file:../../icons/openwa.svg', dark: 'file:../../icons/openwa.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Send and read WhatsApp messages through your own OpenWA gateway',
		defaults: { name: 'OpenWA' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'openWaApi', required: true }],
		properties,
	};

	methods = {
		listSearch: { chats, groups, keys, sessions, webhooks },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const items = this.getInputData();
		const results: INodeExecutionData[] = [];
		for (let itemIndex = 0; itemIndex < items.length; itemIndex++) {
			try {
				results.push(...(await run(this, itemIndex)));
			} catch (error) {
				if (!this.continueOnFail()) throw asNodeError(this, error, itemIndex);
				const { message } = error as Error;
				results.push({ json: { error: message }, pairedItem: { item: itemIndex } });
			}
		}
		return [results];
	}
}
