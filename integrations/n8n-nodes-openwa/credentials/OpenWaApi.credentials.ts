import type {
	IAuthenticateGeneric,
	Icon,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

export class OpenWaApi implements ICredentialType {
	name = 'openWaApi';

	displayName = 'OpenWA API';

	icon: Icon = {
		light: 'file:../icons/openwa.svg',
		dark: 'file:../icons/openwa.dark.svg',
	};

	documentationUrl =
		'https://github.com/openwa/openwa/tree/main/integrations/n8n-nodes-openwa#credentials';

	properties: INodeProperties[] = [
		{
			displayName: 'Gateway URL',
			name: 'baseUrl',
			type: 'string',
			default: 'http://127.0.0.1:2785',
			required: true,
			placeholder: 'e.g. https://openwa.example.org',
			description: 'Where the gateway listens, without /api',
		},
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description:
				'A key with the role operator; the gateway shows its first key when it starts',
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: {
			headers: {
				'X-API-Key': '={{$credentials.apiKey}}',
			},
		},
	};

	test: ICredentialTestRequest = {
		request: {
			method: 'GET',
			baseURL: '={{$credentials.baseUrl.replace(new RegExp("/+$"), "")}}',
			url: '/api/sessions',
			qs: { limit: 1 },
		},
	};
}
