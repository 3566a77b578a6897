//! The operations and events that the Node-RED nodes offer: what their forms show, and how each is carried out.

use std::path::Path;

use heck::ToLowerCamelCase;
use serde_json::{Value, json};

use super::{
    Files, Target,
    form::{Form, FormField, forms},
};
use crate::{error::Error, ir::Api, template::Templates};

const FOLDER: &str = "integrations/node-red-contrib-openwa/nodes/generated";

pub(super) const TARGET: Target = Target { name: "node_red", folders: &[FOLDER], render };

fn render(api: &Api) -> Result<Files, Error> {
    let templates = Templates::of("node_red")?;
    let file = |name: &str, text: String| (Path::new(FOLDER).join(name), text);
    let mut operations = Vec::new();
    for resource in &api.resources {
        for form in forms(api, &resource.operations) {
            operations.push(described(&resource.name.join("_").to_lower_camel_case(), &form));
        }
    }
    let events: Vec<_> = api.events.iter().map(|it| json!({"event": it.wire, "description": it.description})).collect();
    Ok(vec![
        file("operations.js", templates.render("operations.js", minijinja::context! { operations })?),
        file("events.js", templates.render("events.js", minijinja::context! { events })?),
    ])
}

fn described(resource: &str, form: &Form<'_>) -> Value {
    let operation = form.operation;
    let mut described = form.carried_out(form.fields.iter().map(field).collect());
    described["name"] = json!(format!("{resource}.{}", operation.name.join("_").to_lower_camel_case()));
    described["summary"] = json!(operation.summary);
    described
}

fn field(field: &FormField) -> Value {
    let mut described = json!({
        "name": field.wire,
        "in": field.place,
        "kind": field.input.kind(),
        "description": field.description,
    });
    if field.required {
        described["required"] = json!(true);
    }
    if field.nullable {
        described["nullable"] = json!(true);
    }
    if !field.choices.is_empty() {
        described["choices"] = field.choices.iter().map(|it| json!(it.0)).collect();
    }
    described
}
