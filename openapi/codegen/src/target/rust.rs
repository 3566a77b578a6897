//! The typed surface of the Rust client: structs for the schemas, a module for each resource, the events, and the
//! table of all operations.

mod events;
mod example;
mod models;
mod operation;
mod spelling;
mod table;

use std::path::Path;

use heck::{ToPascalCase, ToSnakeCase};
use serde::Serialize;

use super::{Files, Target};
use crate::{
    error::Error,
    ir::{Api, Resource},
    template::Templates,
};

const FOLDER: &str = "client-rs/src/generated";

pub(super) const TARGET: Target = Target { name: "rust", folders: &[FOLDER], render };

fn render(api: &Api) -> Result<Files, Error> {
    let templates = Templates::of("rust")?;
    let file = |name: &str, text: String| (Path::new(FOLDER).join(name), text);
    let models: Vec<_> = api.types.iter().map(|it| models::Model::of(it, api)).collect();
    let has_double = models.iter().any(models::Model::has_double);
    let resources: Vec<_> = api.resources.iter().map(|it| ResourceView::of(it, api)).collect();
    let operations: Vec<_> = table::rows(api).collect();
    let mut files = vec![
        file("mod.rs", templates.render("mod.rs", ())?),
        file("models.rs", templates.render("models.rs", minijinja::context! { models, has_double })?),
        file("events.rs", templates.render("events.rs", events::Events::of(api))?),
        file("operations.rs", templates.render("operations.rs", minijinja::context! { operations })?),
        file("resources/mod.rs", templates.render("resources.rs", minijinja::context! { resources })?),
    ];
    for resource in &resources {
        files.push(file(&format!("resources/{}.rs", resource.module), templates.render("resource.rs", resource)?));
    }
    Ok(files)
}

/// One resource: a struct with a method for each operation.
#[derive(Serialize)]
struct ResourceView {
    /// `Messages`.
    name: String,
    /// `messages`.
    module: String,
    description: String,
    operations: Vec<operation::OperationView>,
    uses_models: bool,
    uses_request: bool,
}

impl ResourceView {
    fn of(resource: &Resource, api: &Api) -> Self {
        let name = resource.name.join("_");
        let operations: Vec<_> =
            resource.operations.iter().map(|it| operation::OperationView::of(it, &name, api)).collect();
        Self {
            uses_models: operations.iter().any(|it| it.names("models::")),
            uses_request: operations.iter().any(operation::OperationView::is_plain),
            name: name.to_pascal_case(),
            module: name.to_snake_case(),
            description: resource.description.clone(),
            operations,
        }
    }
}
