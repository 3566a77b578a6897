//! The fields and operations of the n8n node: a list of properties for each resource, and one table of how
//! each operation is carried out. What a person sees follows n8n's own rules, which its linter checks.

mod property;
mod words;

use std::path::Path;

use heck::{ToKebabCase, ToLowerCamelCase};
use serde::Serialize;
use serde_json::{Value, json};

use self::property::{Property, locator};
use super::{
    Files, Target,
    form::{Form, FormField, Place, forms},
};
use crate::{
    error::Error,
    ir::{Api, Resource, Response},
    template::Templates,
};

const FOLDER: &str = "integrations/n8n-nodes-openwa/nodes/OpenWa/generated";

pub(super) const TARGET: Target = Target { name: "n8n", folders: &[FOLDER], render };

/// Answers of which one field is an image that a person wants to see.
const IMAGES: [(&str, &str); 1] = [("getSessionQr", "qrCode")];

/// What asks for pages; the node has its own two fields for that.
const PAGE_SIZE: &str = "limit";

fn render(api: &Api) -> Result<Files, Error> {
    let templates = Templates::of("n8n")?;
    let file = |name: &str, text: String| (Path::new(FOLDER).join(name), text);
    let mut resources: Vec<_> = api.resources.iter().map(|it| ResourceView::of(api, it)).collect();
    resources.retain(|it| !it.operations.is_empty());
    resources.sort_by(|a, b| a.title.cmp(&b.title));
    let mut events: Vec<_> = api
        .events
        .iter()
        .map(|it| json!({"name": words::title(&it.name), "value": it.wire, "description": words::description(&it.description)}))
        .collect();
    events.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    let mut files = vec![
        file("events.ts", templates.render("events.ts", minijinja::context! { events })?),
        file("operations.ts", templates.render("operations.ts", minijinja::context! { resources })?),
        file("properties.ts", templates.render("properties.ts", minijinja::context! { resources })?),
    ];
    for resource in &resources {
        files.push(file(&format!("{}.ts", resource.file), templates.render("resource.ts", resource)?));
    }
    Ok(files)
}

/// One resource.
#[derive(Serialize)]
struct ResourceView {
    /// `message`.
    value: String,
    title: String,
    file: String,
    description: String,
    /// By their names, as n8n wants them.
    operations: Vec<OperationView>,
    /// The operation that is chosen at first.
    default: String,
    /// The hand-written properties that are shown, each with the operations it is shown for.
    locators: Vec<LocatorView>,
    imports: Vec<&'static str>,
}

#[derive(Serialize)]
struct LocatorView {
    property: &'static str,
    operations: Vec<String>,
}

#[derive(Serialize)]
struct OperationView {
    value: String,
    title: String,
    description: String,
    action: String,
    /// The fields that are always shown.
    properties: Vec<Property>,
    /// The others, and the collection that they stand in.
    group: Option<GroupView>,
    paged: bool,
    upload: bool,
    /// Whether a file comes back.
    download: bool,
    /// Its line in the table.
    carried_out: Value,
}

#[derive(Serialize)]
struct GroupView {
    name: &'static str,
    title: &'static str,
    placeholder: &'static str,
    properties: Vec<Property>,
}

impl ResourceView {
    fn of(api: &Api, resource: &Resource) -> Self {
        let name = words::singular(&resource.name);
        let forms = forms(api, &resource.operations);
        let mut locators: Vec<LocatorView> = Vec::new();
        for form in &forms {
            for property in form.fields.iter().filter_map(locator) {
                let operation = form.operation.name.join("_").to_lower_camel_case();
                match locators.iter_mut().find(|it| it.property == property) {
                    Some(known) => known.operations.push(operation),
                    None => locators.push(LocatorView { property, operations: vec![operation] }),
                }
            }
        }
        let mut imports: Vec<_> = locators.iter().map(|it| it.property).collect();
        imports.sort_unstable();
        let mut operations: Vec<_> = forms.iter().map(OperationView::of).collect();
        operations.sort_by(|a, b| a.title.cmp(&b.title));
        Self {
            value: name.join("_").to_lower_camel_case(),
            title: words::title(&name),
            file: name.join("_").to_kebab_case(),
            description: words::description(&resource.description),
            default: first_choice(&operations),
            operations,
            locators,
            imports,
        }
    }
}

/// What is asked for most, and never something that deletes.
fn first_choice(operations: &[OperationView]) -> String {
    let likely = ["sendText", "list", "get"].map(|value| operations.iter().find(|it| it.value == value));
    let harmless = operations.iter().find(|it| it.carried_out["method"] != "DELETE");
    let chosen = likely.into_iter().flatten().next().or(harmless).or(operations.first());
    chosen.map(|it| it.value.clone()).unwrap_or_default()
}

impl OperationView {
    fn of(form: &Form<'_>) -> Self {
        let operation = form.operation;
        let image = IMAGES.iter().find(|it| it.0 == operation.id).map(|it| it.1);
        let group = match operation.method.as_str() {
            "GET" => ("options", "Options", "Add Option"),
            "PUT" | "PATCH" => ("updateFields", "Update Fields", "Add Field"),
            _ => ("additionalFields", "Additional Fields", "Add Field"),
        };
        let is_shown = |it: &&FormField| {
            let by_other_means =
                (operation.page.is_some() && it.wire == PAGE_SIZE) || (form.upload && it.wire == "url");
            !by_other_means && locator(it).is_none()
        };
        let of_group = |it: &FormField| !(it.required || form.upload && it.wire == "url");
        let mut others: Vec<_> =
            form.fields.iter().filter(is_shown).filter(|it| of_group(it)).map(Property::of).collect();
        if operation.idempotency_key {
            others.push(Property::of(&idempotency_key()));
        }
        others.sort_by(|a, b| a.name.cmp(&b.name));
        let title = words::title(&operation.name);
        let action = words::action(&operation.summary);
        let told = operation.description.as_deref().unwrap_or(&operation.summary);
        Self {
            value: operation.name.join("_").to_lower_camel_case(),
            description: words::description(&if told == operation.summary {
                told.to_owned()
            } else {
                format!("{}. {told}", operation.summary.trim_end_matches('.'))
            }),
            action,
            properties: form.fields.iter().filter(is_shown).filter(|it| it.required).map(Property::of).collect(),
            group: (!others.is_empty()).then_some(GroupView {
                name: group.0,
                title: group.1,
                placeholder: group.2,
                properties: others,
            }),
            paged: operation.page.is_some(),
            upload: form.upload,
            download: matches!(operation.response, Response::Bytes) || image.is_some(),
            carried_out: carried_out(form, group.0, image, of_group),
            title,
        }
    }
}

/// Clients make one themselves; here a person may give it, so that other executions send no second time.
fn idempotency_key() -> FormField {
    FormField {
        wire: "idempotencyKey".to_owned(),
        name: ["idempotency", "key"].map(str::to_owned).to_vec(),
        place: Place::Header,
        input: super::form::Input::Text,
        required: false,
        nullable: false,
        description: "What is sent twice with the same key goes out once. When empty, each run of this node at each \
                      item has its own."
            .to_owned(),
        choices: Vec::new(),
        default: None,
        bounds: crate::ir::Bounds::default(),
    }
}

/// A line of the table.
fn carried_out(form: &Form<'_>, group: &str, image: Option<&str>, of_group: impl Fn(&FormField) -> bool) -> Value {
    let operation = form.operation;
    let field = |it: &FormField| {
        let mut field = json!({"name": it.wire, "in": it.place, "kind": it.input.kind()});
        if of_group(it) {
            field["group"] = json!(group);
        }
        if it.nullable {
            field["nullable"] = json!(true);
        }
        field
    };
    let sent = form.fields.iter().filter(|it| operation.page.is_none() || it.wire != PAGE_SIZE);
    let mut line = form.carried_out(sent.map(field).collect());
    if let Some(image) = image {
        line["image"] = json!(image);
    }
    line
}
