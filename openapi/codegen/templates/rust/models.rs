{{ generated("//") }}
//! The shapes of requests and answers.
//!
//! Shapes may grow: structs can be made by `new` only, and enums keep what this version does not know in their last
//! variant.

use serde::{Deserialize, Serialize};

use crate::open::open_enum;

{% for model in models %}
{% if model.shape == "struct" %}
{{ model.description | comment("/// ") }}
#[derive(Clone, Debug{{ ", Default" if model.is_default else "" }}, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct {{ model.name }} {
{% for field in model.fields %}
{{ field.description | comment("/// ", 4) }}
{% if field.rename is not none %}
    #[serde(rename = "{{ field.rename }}")]
{% endif %}
{% if field.is_double %}
    #[serde(default, with = "double", skip_serializing_if = "Option::is_none")]
{% elif field.is_optional %}
    #[serde(default, skip_serializing_if = "Option::is_none")]
{% endif %}
    pub {{ field.name }}: {{ field.kind }},
{% endfor %}
}

{% if model.is_made %}
impl {{ model.name }} {
    /// With what it must have.
    pub fn new(
    {%- for field in model.fields if field.is_argument -%}
    {{ field.name }}: {{ field.argument.kind }},
    {%- endfor -%}
    ) -> Self {
        Self {
{% for field in model.fields %}
{% if field.constant is not none %}
            {{ field.name }}: {{ field.constant }}.to_owned(),
{% elif field.is_argument %}
            {{ field.name }}{% if field.argument.conversion %}: {{ field.name }}{{ field.argument.conversion }}{% endif %},
{% else %}
            {{ field.name }}: None,
{% endif %}
{% endfor %}
        }
    }

{% for field in model.fields if field.is_optional %}
{{ field.description | comment("/// ", 4) }}
    #[must_use]
    pub fn {{ field.name }}(mut self, {{ field.name }}: {{ field.argument.kind }}) -> Self {
        self.{{ field.name }} = Some({{ field.name }}{{ field.argument.conversion }});
        self
    }

{% endfor %}
}
{% endif %}
{% elif model.shape == "enum" %}
open_enum! {
{{ model.description | comment("/// ", 4) }}
    {{ model.name }} {
{% for variant in model.variants %}
{{ variant.description | comment("/// ", 8) }}
        {{ variant.name }} = {{ variant.wire }},
{% endfor %}
    }
}
{% else %}
crate::open::open_union! {
{{ model.description | comment("/// ", 4) }}
    {{ model.name }} by {{ model.tag }} {
{% for variant in model.variants %}
{{ variant.description | comment("/// ", 8) }}
        {{ variant.name }}({{ variant.schema }}) = {{ variant.wire }},
{% endfor %}
    }
}
{% endif %}

{% endfor %}
{% if has_double %}
/// A field that may be absent, null, or there.
mod double {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(value: &Option<Option<T>>, to: S) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(to)
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(from).map(Some)
    }
}
{% endif %}
