{{ generated("//") }}
//! The events: what follows in the log, and what webhooks bring.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, value::RawValue};

use super::models;
use crate::{Error, events::record, open::open_union};

/// What happened, by the type of the event.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventData {
{% for event in events %}
{{ event.description | comment("/// ", 4) }}
    {{ event.name }}(models::{{ event.data }}),
{% endfor %}
    /// What this version does not know, as it came.
    Unrecognized {
        /// The type of the event.
        kind: String,
        /// Its data.
        data: Value,
    },
}

impl EventData {
    /// The type of the event, as it stands on the wire.
    pub fn kind(&self) -> &str {
        match self {
{% for event in events %}
            Self::{{ event.name }}(_) => {{ event.wire }},
{% endfor %}
            Self::Unrecognized { kind, .. } => kind,
        }
    }

    /// Reads the data of an event of this type.
    pub(crate) fn read<'de, D: Deserializer<'de>>(kind: &str, from: D) -> Result<Self, D::Error> {
        match kind {
{% for event in events %}
            {{ event.wire }} => Deserialize::deserialize(from).map(Self::{{ event.name }}),
{% endfor %}
            _ => Ok(Self::Unrecognized { kind: kind.to_owned(), data: Value::deserialize(from)? }),
        }
    }
}

{% if log is not none %}
/// One event of the log, with its data by type.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The place to go on from after it.
    pub id: String,
{% for field in fields %}
{{ field.description | comment("/// ", 4) }}
    pub {{ field.name }}: {{ field.kind }},
{% endfor %}
    /// What happened.
    pub data: EventData,
}

/// An event as it comes, its data unread.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
{% for field in fields %}
{% if field.rename is not none %}
    #[serde(rename = "{{ field.rename }}")]
{% endif %}
    {{ field.name }}: {{ field.kind }},
{% endfor %}
    event: String,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Event {
    pub(crate) fn read(id: String, text: &[u8]) -> Result<Self, Error> {
        let record: Record<'_> = record(text)?;
        let data = EventData::of_text(&record.event, record.data);
        Ok(Self {
            id,
{% for field in fields %}
            {{ field.name }}: record.{{ field.name }},
{% endfor %}
            data,
        })
    }
}

impl models::{{ log }} {
    /// Its data by type.
    pub fn typed(&self) -> EventData {
        EventData::of(self.event.as_str(), &self.data.clone().into_iter().collect())
    }
}
{% endif %}

open_union! {
    /// What a webhook brings, by the type of the event.
    Delivery by "event" {
{% for event in events %}
{{ event.description | comment("/// ", 8) }}
        {{ event.name }}(models::{{ event.delivery }}) = {{ event.wire }},
{% endfor %}
    }
}

impl Delivery {
    /// The type of the event, as it stands on the wire.
    pub fn kind(&self) -> &str {
        match self {
{% for event in events %}
            Self::{{ event.name }}(_) => {{ event.wire }},
{% endfor %}
            Self::Unrecognized(it) => it["event"].as_str().unwrap_or_default(),
        }
    }
{% for field in envelope %}

{{ field.description | comment("/// ", 4) }}
    pub fn {{ field.name }}(&self) -> &str {
        match self {
{% for event in events %}
            Self::{{ event.name }}(it) => &it.{{ field.name }},
{% endfor %}
            Self::Unrecognized(it) => it[{{ field.wire }}].as_str().unwrap_or_default(),
        }
    }
{% endfor %}
}
