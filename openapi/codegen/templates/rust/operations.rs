{{ generated("//") }}
//! The table of all operations.

use crate::operation::{AnswerKind, Operation, Parameter, Place, ValueKind};

/// All operations of the API, by resource.
pub const OPERATIONS: &[Operation] = &[
{% for it in operations %}
    Operation {
        id: {{ it.id }},
        resource: {{ it.resource }},
        name: {{ it.name }},
        method: {{ it.method }},
        path: {{ it.path }},
        summary: {{ it.summary }},
        role: {% if it.role is none %}None{% else %}Some({{ it.role }}){% endif %},
        parameters: &[
{% for parameter in it.parameters %}
            Parameter {
                name: {{ parameter.name }},
                place: Place::{{ parameter.place }},
                kind: ValueKind::{{ parameter.kind }},
                is_required: {{ parameter.is_required | lower }},
                description: {{ parameter.description }},
                words: &[{{ parameter.words | join(", ") }}],
            },
{% endfor %}
        ],
        has_body: {{ it.has_body | lower }},
        takes_file: {{ it.takes_file | lower }},
        takes_key: {{ it.takes_key | lower }},
        answer: AnswerKind::{{ it.answer }},
        is_deprecated: {{ it.is_deprecated | lower }},
    },
{% endfor %}
];
