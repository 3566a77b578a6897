{{ generated("//") }}
{% for type in types %}

{{ type.description | jsdoc(0) }}
{% if type.fields is none %}
export type {{ type.name }} = {{ type.alias }};
{% else %}
export interface {{ type.name }} {
{% for field in type.fields %}
{{ field.description | jsdoc(2) }}
  {{ field.name }}{{ "?" if field.is_optional else "" }}: {{ field.type }};
{% endfor %}
}
{% endif %}
{% endfor %}
