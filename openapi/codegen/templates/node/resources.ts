{{ generated("//") }}
import type { Core } from "../surface";
{% for resource in resources %}
import { {{ resource.class }} } from "./resources/{{ resource.file }}";
{% endfor %}

/** What can be done, by resource. */
export class Resources {
{% for resource in resources %}
{{ resource.description | jsdoc(2) }}
  readonly {{ resource.property }}: {{ resource.class }};
{% endfor %}

  /** @internal */
  constructor(core: Core) {
{% for resource in resources %}
    this.{{ resource.property }} = new {{ resource.class }}(core);
{% endfor %}
  }
}
{% for resource in resources %}
export * from "./resources/{{ resource.file }}";
{% endfor %}
