{{ generated("//") }}
import type { INodePropertyOptions } from 'n8n-workflow';

/** What a workflow can be started by. */
export const events: INodePropertyOptions[] = [
{% for event in events %}
	{
		name: {{ event.name | quoted }},
		value: {{ event.value | quoted }},
		description: {{ event.description | quoted }},
	},
{% endfor %}
];
