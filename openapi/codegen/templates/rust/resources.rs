{{ generated("//") }}
//! The operations, by resource. Each method gives a request, which is made when it is awaited.

{% for it in resources %}
mod {{ it.module }};
{% endfor %}

{% for it in resources %}
pub use {{ it.module }}::*;
{% endfor %}

impl crate::Client {
{% for it in resources %}
{{ it.description | comment("/// ", 4) }}
    pub fn {{ it.module }}(&self) -> {{ it.name }} {
        {{ it.name }} { client: self.clone() }
    }

{% endfor %}
}
