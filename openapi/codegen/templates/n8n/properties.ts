{{ generated("//") }}
import type { INodeProperties } from 'n8n-workflow';

{% for resource in resources | sort(attribute="file") %}
import { {{ resource.value }}Properties } from './{{ resource.file }}';
{% endfor %}

/** Everything that a person can enter. */
export const properties: INodeProperties[] = [
	{
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		options: [
{% for resource in resources %}
			{
				name: {{ resource.title | quoted }},
				value: {{ resource.value | quoted }},
				description: {{ resource.description | quoted }},
			},
{% endfor %}
		],
		default: 'message',
	},
{% for resource in resources %}
	...{{ resource.value }}Properties,
{% endfor %}
];
