{% macro details(field, pad) %}
{{ pad }}displayName: {{ field.title | quoted }},
{{ pad }}name: {{ field.name | quoted }},
{{ pad }}type: {{ field.input | quoted }},
{% if field.secret %}
{{ pad }}typeOptions: { password: true },
{% elif field.long %}
{{ pad }}typeOptions: { rows: 3 },
{% elif field.minimum is not none or field.maximum is not none %}
{{ pad }}typeOptions: { {% if field.minimum is not none %}minValue: {{ field.minimum }}{% endif %}{% if field.minimum is not none and field.maximum is not none %}, {% endif %}{% if field.maximum is not none %}maxValue: {{ field.maximum }}{% endif %} },
{% endif %}
{% if field.options %}
{{ pad }}options: [
{% for option in field.options %}
{{ pad }}	{ name: {{ option.name | quoted }}, value: {{ option.value | quoted }} },
{% endfor %}
{{ pad }}],
{% endif %}
{{ pad }}default: {{ field.default | json }},
{% if field.placeholder %}
{{ pad }}placeholder: {{ field.placeholder | quoted }},
{% endif %}
{% if field.required %}
{{ pad }}required: true,
{% endif %}
{% if field.description %}
{{ pad }}description: {{ field.description | quoted }},
{% endif %}
{% endmacro %}
{{ generated("//") }}
import type { INodeProperties } from 'n8n-workflow';

{% if imports %}
import { {{ imports | join(", ") }} } from '../locators';

{% endif %}
export const {{ value }}Properties: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: [{{ value | quoted }}] } },
		options: [
{% for operation in operations %}
			{
				name: {{ operation.title | quoted }},
				value: {{ operation.value | quoted }},
				description: {{ operation.description | quoted }},
				action: {{ operation.action | quoted }},
			},
{% endfor %}
		],
		default: {{ default | quoted }},
	},
{% for locator in locators %}
	{
		...{{ locator.property }},
		displayOptions: {
			show: { resource: [{{ value | quoted }}], operation: {{ locator.operations | json }} },
		},
	},
{% endfor %}
{% for operation in operations %}
{% set show = 'displayOptions: { show: { resource: [' ~ (value | quoted) ~ '], operation: [' ~ (operation.value | quoted) ~ '] } },' %}
{% if operation.upload %}
	{
		displayName: 'File',
		name: 'mediaSource',
		type: 'options',
		options: [
			{ name: 'From an Address', value: 'url' },
			{ name: 'From the Input', value: 'binary' },
		],
		{{ show }}
		default: 'binary',
		description: 'Where the file comes from',
	},
	{
		displayName: 'Input Binary Field',
		name: 'binaryPropertyName',
		type: 'string',
		displayOptions: {
			show: { resource: [{{ value | quoted }}], operation: [{{ operation.value | quoted }}], mediaSource: ['binary'] },
		},
		default: 'data',
		required: true,
		hint: 'The name of the input binary field containing the file to be sent',
	},
	{
		displayName: 'URL',
		name: 'url',
		type: 'string',
		displayOptions: {
			show: { resource: [{{ value | quoted }}], operation: [{{ operation.value | quoted }}], mediaSource: ['url'] },
		},
		default: '',
		placeholder: 'e.g. https://example.org/picture.png',
		required: true,
		description: 'Where the gateway fetches the file from',
	},
{% endif %}
{% for field in operation.properties %}
	{
{{ details(field, "\t\t") }}		{{ show }}
	},
{% endfor %}
{% if operation.paged %}
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		{{ show }}
		default: false,
		description: 'Whether to return all results or only up to a given limit',
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1 },
		displayOptions: {
			show: { resource: [{{ value | quoted }}], operation: [{{ operation.value | quoted }}], returnAll: [false] },
		},
		default: 50,
		description: 'Max number of results to return',
	},
{% endif %}
{% if operation.download %}
	{
		displayName: 'Put Output File in Field',
		name: 'outputPropertyName',
		type: 'string',
		{{ show }}
		default: 'data',
		required: true,
		hint: 'The name of the output binary field to put the file in',
	},
{% endif %}
{% if operation.group %}
	{
		displayName: {{ operation.group.title | quoted }},
		name: {{ operation.group.name | quoted }},
		type: 'collection',
		placeholder: {{ operation.group.placeholder | quoted }},
		{{ show }}
		default: {},
		options: [
{% for field in operation.group.properties %}
			{
{{ details(field, "\t\t\t\t") }}			},
{% endfor %}
		],
	},
{% endif %}
{% endfor %}
];
