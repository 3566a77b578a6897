{{ generated("//") }}
{% macro put(draft, it) -%}
{%- set how = "header" if it.is_header else "query" -%}
{%- if it.is_list -%}
for it in {{ it.name }} { {{ draft }}.{{ how }}({{ it.wire }}, {{ it.text }}); }
{%- else -%}
{{ draft }}.{{ how }}({{ it.wire }}, {{ it.text }});
{%- endif -%}
{%- endmacro %}
{{ description | comment("//! ") }}

use reqwest::Method;

use crate::{Client, request::Draft};
{% if uses_models %}
use crate::generated::models;
{% endif %}
{% if uses_request %}
use crate::request::Request;
{% endif %}

{{ description | comment("/// ") }}
#[derive(Clone, Debug)]
pub struct {{ name }} {
    pub(super) client: Client,
}

impl {{ name }} {
{% for it in operations %}
{{ (it.summary ~ ".") | comment("/// ", 4) }}
{% if it.description is not none %}
    ///
{{ it.description | comment("/// ", 4) }}
{% endif %}
{% if it.role is not none %}
    ///
    /// The key must be of the role `{{ it.role }}` at least.
{% endif %}
{% if it.example is not none %}
    ///
    /// ```no_run
    /// # async fn example(client: openwa_client::Client) -> Result<(), openwa_client::Error> {
    /// {{ it.example }}
    /// # Ok(())
    /// # }
    /// ```
{% endif %}
    pub fn {{ it.name }}(
    &self,
    {% for parameter in it.path_parameters %}
        {{ parameter.name }}: {{ parameter.kind }},
    {% endfor %}
    {% for parameter in it.required %}
        {{ parameter.name }}: {{ parameter.kind }},
    {% endfor %}
    {% if it.body is not none %}
    {% if it.body.is_whole %}
        body: models::{{ it.body.schema }},
    {% else %}
    {% for field in it.body.fields if field.is_argument %}
        {{ field.name }}: {{ field.argument.kind }},
    {% endfor %}
    {% endif %}
    {% endif %}
    ) -> {% if it.request is not none %}{{ it.request }}{% else %}Request<{{ it.answer or "()" }}>{% endif %} {
        let {{ "mut " if it.required or it.takes_key else "" }}draft = Draft::new(
            &self.client,
            Method::{{ it.method }},
            {{ it.path }},
            &[{% for parameter in it.path_parameters %}{{ parameter.text }},{% endfor %}],
        );
{% for parameter in it.required %}
        {{ put("draft", parameter) }}
{% endfor %}
{% if it.takes_key %}
        draft.keyed(crate::raw::Keyed::Fresh);
{% endif %}
{% if it.request is none %}
        Request::{{ it.kind }}(draft)
{% elif it.body is none %}
        {{ it.request }} { draft, body: {% if it.kind == "events" %}crate::events::How::default(){% else %}(){% endif %} }
{% else %}
{% if not it.body.is_whole %}
        let body = models::{{ it.body.schema }}::new(
            {% for field in it.body.fields if field.is_argument %}{{ field.name }},{% endfor %}
        );
{% endif %}
        {{ it.request }} { draft, body: crate::request::{{ it.body.wrapper }}(body{{ ", None" if it.body.takes_file else "" }}) }
{% endif %}
    }

{% endfor %}
}

{% for it in operations if it.request is not none %}
{% set body %}{% if it.kind == "events" %}crate::events::How{% elif it.body is none %}(){% else %}crate::request::{{ it.body.wrapper }}<models::{{ it.body.schema }}>{% endif %}{% endset %}
{% set about = "What can be said about [`" ~ name ~ "::" ~ it.name ~ "`] before it is made." %}
{% if it.kind == "events" %}
crate::request::request_type! {
{{ about | comment("/// ", 4) }}
    {{ it.request }}, {{ body }}
}
crate::request::followed!({{ it.request }});
{% else %}
crate::request::request! {
{{ about | comment("/// ", 4) }}
    {{ it.request }}, body = {{ body }}, answer = {{ it.kind }} {% if it.kind == "file" %}crate::raw::Download{% else %}{{ it.answer or "()" }}{% endif %}

}
{% endif %}
{% if it.takes_key %}
crate::request::keyed!({{ it.request }});
{% endif %}

{% set has_fields = it.body is not none and it.body.fields | selectattr("is_optional") | list | length > 0 %}
{% if it.optional or it.page is not none or has_fields or (it.body is not none and it.body.takes_file) %}
impl {{ it.request }} {
{% for parameter in it.optional %}
{{ parameter.description | comment("/// ", 4) }}
    pub fn {{ parameter.setter }}(mut self, {{ parameter.name }}: {{ parameter.kind }}) -> Self {
        {{ put("self.draft", parameter) }}
        self
    }

{% endfor %}
{% if it.body is not none %}
{% for field in it.body.fields if field.is_optional %}
{{ field.description | comment("/// ", 4) }}
    pub fn {{ field.setter }}(mut self, {{ field.name }}: {{ field.argument.kind }}) -> Self {
        self.body.0.{{ field.name }} = Some({{ field.name }}{{ field.argument.conversion }});
        self
    }

{% endfor %}
{% if it.body.takes_file %}
    /// The file itself, streamed from wherever it is.
    pub fn file(mut self, file: crate::Upload) -> Self {
        self.body.1 = Some(file);
        self
    }

{% endif %}
{% endif %}
{% if it.page is not none %}
    /// All items, over as many pages as it takes.
    pub fn list_all(self) -> crate::Pages<{{ it.page.item }}> {
{% if it.page.cursor is none %}
        crate::Pages::by_offset(self.draft, {{ it.page.usual }}, {{ it.page.items }})
{% else %}
        crate::Pages::by_cursor(self.draft, {{ it.page.cursor }}, {{ it.page.items }})
{% endif %}
    }
{% endif %}
}
{% endif %}

{% endfor %}
