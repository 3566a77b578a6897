import type { INodeProperties } from 'n8n-workflow';

/** A value that is chosen from a list, or written. */
function locator(
	displayName: string,
	name: string,
	searchListMethod: string,
	written: { displayName: string; placeholder: string },
): INodeProperties {
	return {
		displayName,
		name,
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		required: true,
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				placeholder: `Select a ${displayName.toLowerCase()}…`,
				typeOptions: { searchListMethod, searchable: true },
			},
			{
				displayName: written.displayName,
				name: 'id',
				type: 'string',
				placeholder: written.placeholder,
			},
		],
	};
}

const uuid = {
	displayName: 'By ID',
	placeholder: 'e.g. 019283a4-5b6c-7d8e-9f01-23456789abcd',
};

export const sessionLocator = locator('Session', 'sessionId', 'sessions', uuid);

export const chatLocator = locator('Chat', 'chatId', 'chats', {
	displayName: 'By Phone Number or ID',
	placeholder: 'e.g. +1 555 123 4567 or 120363000000000001@g.us',
});

export const groupLocator = locator('Group', 'groupId', 'groups', {
	displayName: 'By ID',
	placeholder: 'e.g. 120363000000000001@g.us',
});

export const webhookLocator = locator('Webhook', 'webhookId', 'webhooks', uuid);

export const keyLocator = locator('API Key', 'keyId', 'keys', uuid);
