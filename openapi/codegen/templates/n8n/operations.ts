{{ generated("//") }}
import type { Operation } from '../operation';

/** How each operation is carried out, by the values of its resource and its operation. */
export const operations: Record<string, Operation> = {
{% for resource in resources %}
{% for operation in resource.operations %}
	{{ (resource.value ~ "." ~ operation.value) | quoted }}: {{ operation.carried_out | json }},
{% endfor %}
{% endfor %}
};
