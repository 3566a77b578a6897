{{ generated("//") }}
import type * as types from "./types";

/** What each kind of event carries in `data`. */
export interface EventData {
{% for event in events %}
{{ event.description | jsdoc(2) }}
  {{ event.wire | quoted }}: types.{{ event.data }};
{% endfor %}
}

/** What a webhook's request holds, for each kind of event. */
export interface DeliveryBodies {
{% for event in events %}
{{ event.description | jsdoc(2) }}
  {{ event.wire | quoted }}: types.{{ event.delivery }};
{% endfor %}
}

/** The name of a kind of event. A newer gateway may have more of them. */
export type EventName = keyof EventData;

/** One event of the log, told apart by `event`. */
export type GatewayEvent<Name extends EventName = EventName> = {
  [Kind in Name]: Omit<types.Event, "event" | "data"> & { event: Kind; data: EventData[Kind] };
}[Name];

/** What a webhook's request holds, told apart by `event`. */
export type WebhookDelivery<Name extends EventName = EventName> = DeliveryBodies[Name];
