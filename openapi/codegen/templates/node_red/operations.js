{{ generated("//") }}
'use strict';

/** Every operation: what its form shows, and how it is carried out. */
module.exports = [
{% for operation in operations %}
	{{ operation | json }},
{% endfor %}
];
