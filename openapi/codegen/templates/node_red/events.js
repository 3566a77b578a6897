{{ generated("//") }}
'use strict';

/** Everything that can happen. */
module.exports = [
{% for event in events %}
	{{ event | json }},
{% endfor %}
];
