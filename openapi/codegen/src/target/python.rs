//! The Python package: types, operations, and the same resources for threads and for event loops.
//!
//! In reading order: [`spelling`] is how names and types are written in Python; [`types`] and [`events`] make
//! the data; [`methods`] makes the calls; [`compat`] makes the class with the methods of OpenWA's own SDK.

mod compat;
mod events;
mod methods;
mod spelling;
mod types;

use std::path::PathBuf;

use serde::Serialize;

use super::{Files, Target};
use crate::{
    error::Error,
    ir::{Api, Shape},
    template::Templates,
};

const FOLDER: &str = "bindings-python/python/openwa/_generated";

pub(super) const TARGET: Target = Target { name: "python", folders: &[FOLDER], render };

fn render(api: &Api) -> Result<Files, Error> {
    if api.types.iter().any(|it| matches!(it.shape, Shape::Union { .. })) {
        return Err(Error::Usage(
            "the Python package has no type for unions other than that of events; give the document a struct",
        ));
    }
    let templates = Templates::of("python")?;
    let resources = methods::resources(api)?;
    let calls = Calls {
        answers: methods::answers(&resources),
        operations: resources.iter().flat_map(|it| &it.methods).map(|it| &it.operation).collect(),
        resources: &resources,
    };
    let file = |name: &str, text: String| (PathBuf::from(FOLDER).join(name), text);
    Ok(vec![
        file("__init__.py", templates.render("package.py", ())?),
        file("types.py", templates.render("types.py", types::named(api))?),
        file("events.py", templates.render("events.py", events::all(api))?),
        file("operations.py", templates.render("operations.py", &calls)?),
        file("answers.py", templates.render("answers.py", &calls)?),
        file("resources.py", templates.render("resources.py", Flavour { calls: &calls, is_async: false })?),
        file("async_resources.py", templates.render("resources.py", Flavour { calls: &calls, is_async: true })?),
        file("dicts.py", templates.render("dicts.py", types::all(api))?),
        file("compat.py", templates.render("compat.py", compat::resources(api)?)?),
    ])
}

#[derive(Serialize)]
struct Calls<'a> {
    resources: &'a [methods::Resource],
    operations: Vec<&'a methods::Operation>,
    answers: Vec<methods::Answer>,
}

#[derive(Serialize)]
struct Flavour<'a> {
    #[serde(flatten)]
    calls: &'a Calls<'a>,
    is_async: bool,
}
