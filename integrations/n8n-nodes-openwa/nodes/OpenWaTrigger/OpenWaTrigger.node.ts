import type {
	IHookFunctions,
	INodeType,
	INodeTypeDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import { events } from '../OpenWa/generated/events';
import { sessions } from '../OpenWa/lists';
import { sessionLocator } from '../OpenWa/locators';
import { receive } from './receive';
import { checkExists, create, remove } from './subscription';

export class OpenWaTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'OpenWA Trigger',
		name: 'openWaTrigger',
		icon: { light: 'file:../../icons/openwa.svg', dark: 'file:../../icons/openwa.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description: 'Starts the workflow when something happens in WhatsApp',
		defaults: { name: 'OpenWA Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'openWaApi', required: true }],
		webhooks: [
			{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'webhook' },
		],
		properties: [
			sessionLocator,
			{
				displayName: 'Events',
				name: 'events',
				type: 'multiOptions',
				options: events,
				default: ['message.received'],
				required: true,
				description: 'What starts the workflow',
			},
			{
				displayName: 'Download Media',
				name: 'downloadMedia',
				type: 'boolean',
				default: true,
				description: 'Whether the file of a message is given on as binary data in the field "data"',
			},
			{
				displayName: 'Filters',
				name: 'filters',
				type: 'fixedCollection',
				typeOptions: { multipleValues: true },
				placeholder: 'Add Condition',
				default: {},
				description:
					'Message events start the workflow only if all of these conditions hold; other events always do',
				options: [
					{
						displayName: 'Condition',
						name: 'condition',
						values: [
							{
								displayName: 'Field',
								name: 'field',
								type: 'options',
								options: [
									{ name: 'Chat ID', value: 'chatId' },
									{ name: 'From Me', value: 'fromMe' },
									{ name: 'Has Media', value: 'hasMedia' },
									{ name: 'Is Group', value: 'isGroup' },
									{ name: 'Kind of Chat', value: 'kind' },
									{ name: 'Mentions', value: 'mentions' },
									{ name: 'Recipient', value: 'recipient' },
									{ name: 'Sender', value: 'sender' },
									{ name: 'Text', value: 'body' },
									{ name: 'Type of Message', value: 'type' },
								],
								default: 'sender',
							},
							{
								displayName: 'Operator',
								name: 'operator',
								type: 'options',
								options: [
									{ name: 'Contains (Text Only)', value: 'contains' },
									{ name: 'Equals (Text Only)', value: 'equals' },
									{ name: 'Is', value: 'is' },
									{ name: 'Is Not', value: 'isNot' },
								],
								default: 'is',
							},
							{
								displayName: 'Value',
								name: 'value',
								type: 'string',
								default: '',
								placeholder: 'e.g. 15551234567@c.us',
								description:
									'For IDs and types several separated by commas; for From Me, Has Media and Is Group true or false',
							},
						],
					},
				],
			},
		],
	};

	methods = {
		listSearch: { sessions },
	};

	webhookMethods = {
		default: {
			async checkExists(this: IHookFunctions): Promise<boolean> {
				return await checkExists(this);
			},
			async create(this: IHookFunctions): Promise<boolean> {
				return await create(this);
			},
			async delete(this: IHookFunctions): Promise<boolean> {
				return await remove(this);
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await receive(this);
	}
}
