//! The typed surface of the Node package: interfaces for the schemas, a class for each resource.

mod operation;
mod types;

use std::path::{Path, PathBuf};

use heck::{ToKebabCase, ToLowerCamelCase, ToPascalCase};
use serde::Serialize;

use super::{Files, Target};
use crate::{
    error::Error,
    ir::{Api, Event, Resource},
    template::Templates,
};

const FOLDER: &str = "bindings-node/src/generated";

pub(super) const TARGET: Target = Target { name: "node", folders: &[FOLDER], render };

fn render(api: &Api) -> Result<Files, Error> {
    let templates = Templates::of("node")?;
    let file = |name: &str, text: String| (Path::new(FOLDER).join(name), text);
    let types: Vec<_> = api.types.iter().map(types::Declaration::of).collect();
    let events: Vec<_> = api.events.iter().map(EventView::of).collect();
    let resources: Vec<_> = api.resources.iter().map(ResourceView::of).collect();
    let mut files: Files = vec![
        file("types.ts", templates.render("types.ts", minijinja::context! { types })?),
        file("events.ts", templates.render("events.ts", minijinja::context! { events })?),
        file("resources.ts", templates.render("resources.ts", minijinja::context! { resources })?),
    ];
    for resource in &resources {
        let path: PathBuf = Path::new(FOLDER).join("resources").join(&resource.file).with_extension("ts");
        files.push((path, templates.render("resource.ts", resource)?));
    }
    Ok(files)
}

/// One class.
#[derive(Serialize)]
struct ResourceView {
    /// `Messages`.
    class: String,
    /// `messages`.
    property: String,
    /// The name of its file, without its ending.
    file: String,
    description: String,
    operations: Vec<operation::OperationView>,
    /// The schemas that its methods name.
    imports: Vec<String>,
    /// What it names of the hand-written part.
    needs: Vec<&'static str>,
}

impl ResourceView {
    fn of(resource: &Resource) -> Self {
        let name = resource.name.join("_");
        let operations: Vec<_> = resource.operations.iter().map(operation::OperationView::of).collect();
        let mut imports: Vec<_> = operations.iter().flat_map(|it| it.imports.iter().cloned()).collect();
        imports.sort();
        imports.dedup();
        let mut needs: Vec<_> = operations.iter().flat_map(|it| it.needs.iter().copied()).chain(["Core"]).collect();
        needs.sort_unstable();
        needs.dedup();
        Self {
            class: name.to_pascal_case(),
            property: name.to_lower_camel_case(),
            file: name.to_kebab_case(),
            description: resource.description.clone(),
            operations,
            imports,
            needs,
        }
    }
}

/// One member of the unions of events and deliveries.
#[derive(Serialize)]
struct EventView {
    wire: String,
    description: String,
    data: String,
    delivery: String,
}

impl EventView {
    fn of(event: &Event) -> Self {
        Self {
            wire: event.wire.clone(),
            description: event.description.clone(),
            data: event.data.clone(),
            delivery: event.delivery.clone(),
        }
    }
}
