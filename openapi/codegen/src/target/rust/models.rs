//! The schemas.

use heck::ToPascalCase;
use serde::Serialize;

use super::spelling::{Argument, argument, camel, owned, quoted, sentence, setter, snake};
use crate::ir::{Api, Field, Shape, Type, TypeRef};

#[derive(Serialize)]
pub(super) struct Model {
    name: String,
    description: String,
    #[serde(flatten)]
    shape: ModelShape,
}

#[derive(Serialize)]
#[serde(tag = "shape", rename_all = "snake_case")]
enum ModelShape {
    Struct {
        fields: Vec<FieldView>,
        /// Whether it is made by callers.
        is_made: bool,
        /// Whether it can be made of nothing.
        is_default: bool,
    },
    Enum {
        variants: Vec<VariantView>,
    },
    Union {
        tag: String,
        variants: Vec<VariantView>,
    },
}

#[derive(Serialize)]
struct VariantView {
    name: String,
    wire: String,
    /// The struct, of a union.
    schema: Option<String>,
    description: String,
}

#[derive(Serialize)]
pub(super) struct FieldView {
    pub(super) name: String,
    /// The method of a request that sets it.
    setter: String,
    /// Its name on the wire, as a literal.
    wire: String,
    description: String,
    /// The whole type, with its options.
    kind: String,
    /// Its name on the wire, where serde would make another.
    rename: Option<String>,
    /// Left out when absent.
    is_optional: bool,
    /// Null, and absence, are two things.
    is_double: bool,
    /// An argument of `new`.
    pub(super) is_argument: bool,
    /// The literal it always has.
    constant: Option<String>,
    /// How it is given.
    pub(super) argument: Argument,
}

impl Model {
    /// Whether null, and absence, are two things in one of its fields.
    pub(super) fn has_double(&self) -> bool {
        matches!(&self.shape, ModelShape::Struct { fields, .. } if fields.iter().any(|it| it.is_double))
    }

    pub(super) fn of(model: &Type, api: &Api) -> Self {
        let shape = match &model.shape {
            Shape::Struct { fields } => {
                let fields: Vec<_> = fields.iter().map(|it| field(it, model.in_requests, "", api)).collect();
                let is_default = fields.iter().all(|it| it.is_optional);
                ModelShape::Struct { fields, is_made: model.in_requests, is_default }
            }
            Shape::Enum { values } => ModelShape::Enum {
                variants: values
                    .iter()
                    .map(|it| VariantView {
                        name: it.name.join("_").to_pascal_case(),
                        wire: quoted(&it.wire),
                        schema: None,
                        description: format!("`{}`.", it.wire),
                    })
                    .collect(),
            },
            Shape::Union { tag, variants } => ModelShape::Union {
                tag: quoted(tag),
                variants: variants
                    .iter()
                    .map(|it| VariantView {
                        name: it.name.join("_").to_pascal_case(),
                        wire: quoted(&it.wire),
                        schema: Some(it.schema.clone()),
                        description: format!("`{}`.", it.wire),
                    })
                    .collect(),
            },
        };
        Self { name: model.name.clone(), description: sentence(&model.description, &model.name), shape }
    }
}

/// A field of a struct; `is_made` when callers give it.
pub(super) fn field(it: &Field, is_made: bool, models: &str, api: &Api) -> FieldView {
    let name = snake(&it.name);
    let plain = owned(&it.kind, models);
    let is_double = is_made && it.nullable && !it.required;
    let kind = match (it.required, it.nullable) {
        _ if is_double => format!("Option<Option<{plain}>>"),
        (true, false) => plain.clone(),
        _ => format!("Option<{plain}>"),
    };
    let argument = match (it.nullable && is_made, &it.kind) {
        (true, TypeRef::String | TypeRef::Uuid) => {
            Argument { kind: "impl Into<crate::NullableText>".to_owned(), conversion: ".into().0" }
        }
        (true, _) => Argument { kind: format!("impl Into<Option<{plain}>>"), conversion: ".into()" },
        (false, kind) => argument(kind, models, api),
    };
    let constant = match &it.kind {
        TypeRef::Constant { value } if it.required && !it.nullable => Some(quoted(value)),
        _ => None,
    };
    FieldView {
        wire: quoted(&it.wire),
        description: sentence(&it.description, &it.name.join(" ")),
        rename: (camel(&name) != it.wire).then(|| it.wire.clone()),
        is_optional: !it.required,
        is_double,
        is_argument: it.required && constant.is_none(),
        constant,
        argument,
        kind,
        setter: setter(&name),
        name,
    }
}
