{{ generated("//") }}
import { operation } from "../../operation";
import type { {{ needs | join(", ") }} } from "../../surface";
{% if imports %}
import type { {{ imports | join(", ") }} } from "../types";
{% endif %}
{% for operation in operations %}

const {{ operation.constant }} = operation({{ operation.declaration }});
{% endfor %}
{% for operation in operations %}
{% if operation.query %}

{{ ("Query parameters of `" ~ property ~ "." ~ operation.method ~ "`.") | jsdoc(0) }}
export interface {{ operation.query.name }} {
{% for parameter in operation.query.parameters %}
{{ parameter.description | jsdoc(2) }}
  {{ parameter.name }}{{ "?" if parameter.is_optional else "" }}: {{ parameter.type }};
{% endfor %}
}
{% endif %}
{% endfor %}

{{ description | jsdoc(0) }}
export class {{ class }} {
  readonly #core: Core;

  /** @internal */
  constructor(core: Core) {
    this.#core = core;
  }
{% for operation in operations %}

{{ operation.description | jsdoc(2) }}
  {{ operation.method }}({{ operation.signature }}): {{ operation.returns }} {
    return this.#core.{{ operation.call }};
  }
{% endfor %}
}
