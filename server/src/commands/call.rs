//! `openwa call`.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::{Args, builder::PossibleValuesParser};
use openwa_client::{
    AnswerKind, OPERATIONS, Operation, Parameter, Place, ValueKind,
    raw::{Call, Download, Keyed, Method},
};
use serde_json::{Map, Value, json};
use tokio::{fs::File, io::AsyncWriteExt};

use super::{
    connection::{Gateway, call},
    failure::CommandError,
    following::{self, Wanted},
    names,
    output::{self, Output},
    progress,
    shared::{Shared, WhichSession},
};
use crate::environment::Environment;

/// The longest body that is read from a file or standard input.
const LONGEST_BODY: u64 = 64 * 1024 * 1024;
/// The longest list of names in a sentence.
const NAMED: usize = 40;

#[derive(Debug, Args)]
pub(crate) struct CallFlags {
    #[command(flatten)]
    shared: Shared,
    #[command(flatten)]
    which: WhichSession,
    /// The operation; without one, all of them are listed
    #[arg(value_parser = PossibleValuesParser::new(OPERATIONS.iter().map(|it| it.id)), hide_possible_values = true)]
    operation: Option<String>,
    /// A parameter: of the path, the query or the body
    #[arg(long = "param", short, value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// The body as JSON, @FILE to read it from a file, or - from standard input
    #[arg(long, short, value_name = "JSON")]
    body: Option<String>,
    /// The file, where the operation takes one
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Write the answer to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Do it once, however often this is called with the same key
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

pub(crate) async fn run(flags: CallFlags, environment: &Environment) -> Result<(), CommandError> {
    let output = Output::new(flags.shared.json);
    let Some(operation) = flags.operation.as_deref() else { return list(output) };
    let known = Operation::by_id(operation);
    let operation = known.ok_or_else(|| CommandError::usage(format!("there is no operation '{operation}'")))?;
    let gateway = Gateway::find(&flags.shared, environment)?;
    let mut asked = Asked::new(operation);
    asked.body = flags.body.as_deref().map(read_body).transpose()?;
    for text in &flags.parameters {
        asked.take(text)?;
    }
    asked.find_session(&gateway, flags.which.session.as_deref()).await?;

    let (mut call, fields) = asked.into_call()?;
    if operation.takes_key {
        call = call.keyed(flags.idempotency_key.map_or(Keyed::Fresh, Keyed::Given));
    }
    if let Some(file) = flags.file {
        if !operation.takes_file {
            return Err(CommandError::usage(format!("{} takes no file", operation.id)));
        }
        let (upload, bar) = progress::upload(output, &file).await?;
        let answer = gateway.ask(call.upload(form(fields), upload)).await;
        bar.finish_and_clear();
        return written(output, flags.output.as_deref(), &answer?);
    }
    if operation.has_body && (!fields.is_empty() || operation.parameters.iter().any(|it| it.place == Place::Body)) {
        call = call.json(Value::Object(fields).to_string());
    }
    match operation.answer {
        AnswerKind::Empty | AnswerKind::Json => {
            let answer = gateway.ask(call).await?;
            written(output, flags.output.as_deref(), &answer)
        }
        AnswerKind::File => {
            let download = gateway.client().download(call).await.map_err(|it| gateway.failure(it))?;
            save(&gateway, output, flags.output.as_deref(), download).await
        }
        AnswerKind::Events => follow(&gateway, output, &call).await,
    }
}

fn list(output: Output) -> Result<(), CommandError> {
    if output.is_json() {
        let named = |it: &Parameter| json!({"name": it.name, "required": it.is_required, "description": it.description, "values": it.words});
        let all = OPERATIONS.iter().map(|it| {
            let parameters: Vec<_> = it.parameters.iter().map(named).collect();
            json!({"operation": it.id, "resource": it.resource, "summary": it.summary, "method": it.method, "path": it.path, "role": it.role, "parameters": parameters})
        });
        return output.document(&Value::Array(all.collect()));
    }
    let row = |it: &Operation| {
        let required = it.parameters.iter().filter(|it| it.is_required).map(|it| it.name);
        [it.id.to_owned(), it.summary.to_owned(), required.collect::<Vec<_>>().join(" ")]
    };
    output.table(["OPERATION", "WHAT IT DOES", "NEEDS"], OPERATIONS.iter().map(row).collect(), "")
}

/// An operation and what it is to be given.
struct Asked {
    operation: &'static Operation,
    given: Vec<(&'static Parameter, String)>,
    body: Option<Map<String, Value>>,
}

impl Asked {
    fn new(operation: &'static Operation) -> Self {
        Self { operation, given: Vec::new(), body: None }
    }

    /// Takes `name=value`.
    fn take(&mut self, text: &str) -> Result<(), CommandError> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(CommandError::usage(format!("'{text}' is not a parameter of the form name=value")));
        };
        let parameter = self.operation.parameters.iter().find(|it| it.name == name).ok_or_else(|| {
            let known: Vec<_> = self.operation.parameters.iter().map(|it| it.name).take(NAMED).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            CommandError::usage(format!("{} has no parameter '{name}'; there is {known}", self.operation.id))
        })?;
        self.given.push((parameter, value.to_owned()));
        Ok(())
    }

    /// A session may be given by its name, and not at all where there is only one.
    async fn find_session(&mut self, gateway: &Gateway, named: Option<&str>) -> Result<(), CommandError> {
        const NAME: &str = "sessionId";
        let wanted = self.operation.parameters.iter().find(|it| it.name == NAME && it.place == Place::Path);
        let Some(parameter) = wanted else { return Ok(()) };
        let at = self.given.iter().position(|it| it.0.name == NAME);
        let given = at.map(|it| self.given.remove(it).1);
        let session = names::session(gateway, given.as_deref().or(named)).await?;
        self.given.push((parameter, names::id(&session).to_owned()));
        Ok(())
    }

    /// The call without its body, and the fields of the body.
    fn into_call(self) -> Result<(Call, Map<String, Value>), CommandError> {
        let Self { operation, given, body } = self;
        let value = |name: &str| given.iter().find(|it| it.0.name == name).map(|it| it.1.as_str());
        let mut path = Vec::new();
        for name in operation.path_parameters() {
            let missing = || CommandError::usage(format!("{} needs --param {name}=…", operation.id));
            path.push(value(name).ok_or_else(missing)?);
        }
        let method = Method::from_bytes(operation.method.as_bytes());
        let method = method.map_err(|_| CommandError::failed(format!("{} has no HTTP method", operation.id)))?;
        let mut call = call(method, operation.path, &path)?;
        if body.is_some() && !operation.has_body {
            return Err(CommandError::usage(format!("{} takes no body", operation.id)));
        }
        let mut fields = body.unwrap_or_default();
        for (parameter, text) in &given {
            match parameter.place {
                Place::Path => {}
                Place::Query => call = call.query(parameter.name, text),
                Place::Header => call = call.header(parameter.name, text),
                Place::Body => add(&mut fields, parameter, text)?,
            }
        }
        Ok((call, fields))
    }
}

/// Adds a field to the body; one that is a list may be given several times.
fn add(fields: &mut Map<String, Value>, parameter: &Parameter, text: &str) -> Result<(), CommandError> {
    let wrong = |what| CommandError::usage(format!("{} is {what}, not '{text}'", parameter.name));
    let value = match parameter.kind {
        ValueKind::Text => json!(text),
        ValueKind::Integer => json!(text.parse::<i64>().map_err(|_| wrong("a whole number"))?),
        ValueKind::Number => json!(text.parse::<f64>().map_err(|_| wrong("a number"))?),
        ValueKind::Boolean => json!(text.parse::<bool>().map_err(|_| wrong("true or false"))?),
        ValueKind::Texts => {
            if let Some(Value::Array(all)) = fields.get_mut(parameter.name) {
                all.push(json!(text));
                return Ok(());
            }
            json!([text])
        }
        ValueKind::Json => serde_json::from_str(text).map_err(|_| wrong("JSON"))?,
    };
    fields.insert(parameter.name.to_owned(), value);
    Ok(())
}

fn read_body(given: &str) -> Result<Map<String, Value>, CommandError> {
    let read = |from: &mut dyn Read| {
        let mut text = String::new();
        from.take(LONGEST_BODY).read_to_string(&mut text).map(|_| text)
    };
    let text = match (given, given.strip_prefix('@')) {
        ("-", _) => read(&mut io::stdin())?,
        (_, Some(file)) => {
            let why = |why| CommandError::Reading { file: file.into(), why };
            read(&mut std::fs::File::open(file).map_err(why)?).map_err(why)?
        }
        (text, None) => text.to_owned(),
    };
    let body = serde_json::from_str(&text);
    body.map_err(|error| CommandError::usage(format!("the body is not a JSON object: {error}")))
}

/// The fields of a form: texts as they are, everything else as JSON, lists as fields that repeat.
fn form(fields: Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let mut form = Vec::new();
    for (name, value) in fields {
        match value {
            Value::Array(all) => form.extend(all.into_iter().map(|it| (name.clone(), text(it)))),
            value => form.push((name, text(value))),
        }
    }
    form
}

fn written(output: Output, file: Option<&Path>, answer: &Value) -> Result<(), CommandError> {
    let Some(file) = file else {
        return if answer.is_null() { Ok(()) } else { output.document(answer) };
    };
    let why = |why| CommandError::Writing { file: file.to_owned(), why };
    std::fs::write(file, format!("{answer:#}\n")).map_err(why)
}

async fn save(
    gateway: &Gateway,
    output: Output,
    file: Option<&Path>,
    mut download: Download,
) -> Result<(), CommandError> {
    let Some(path) = file else {
        if output.is_terminal() {
            return Err(CommandError::usage("the answer is a file: give --output FILE, or send it on with a pipe"));
        }
        while let Some(chunk) = download.chunk().await.map_err(|it| gateway.failure(it))? {
            output::write(&chunk)?;
        }
        return Ok(());
    };
    let why = |why| CommandError::Writing { file: path.to_owned(), why };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let bar = progress::bar(output, download.content_length(), &output::shown(&name));
    let mut to = File::create(path).await.map_err(why)?;
    while let Some(chunk) = download.chunk().await.map_err(|it| gateway.failure(it))? {
        to.write_all(&chunk).await.map_err(why)?;
        bar.inc(chunk.len() as u64);
    }
    to.flush().await.map_err(why)?;
    bar.finish_and_clear();
    output.note(&format!("Written to {}", path.display()));
    Ok(())
}

async fn follow(gateway: &Gateway, output: Output, call: &Call) -> Result<(), CommandError> {
    let given = |name: &str| call.query.iter().find(|it| it.0 == name).map(|it| it.1.clone());
    let wanted = Wanted {
        session: given("sessionId"),
        types: given("types"),
        after: given("after").and_then(|it| it.parse().ok()),
    };
    let mut events = following::follow(gateway, wanted).await?;
    loop {
        let (id, event) = following::next(gateway, &mut events).await?;
        output.record(&following::record(&id, event))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(parameters: &[&str]) -> Result<(Call, Map<String, Value>), CommandError> {
        let mut asked = Asked::new(Operation::by_id("sendText").unwrap());
        asked.body = Some([("text".to_owned(), json!("from the body"))].into_iter().collect());
        for text in parameters {
            asked.take(text)?;
        }
        asked.into_call()
    }

    #[test]
    fn parameters_go_where_they_belong() {
        let (call, body) =
            asked(&["sessionId=a b", "chatId=1@c.us", "linkPreview=false", "mentions=1", "mentions=2"]).unwrap();
        assert_eq!(call.path, "/api/sessions/a%20b/messages/send-text");
        let expected =
            json!({"chatId": "1@c.us", "linkPreview": false, "mentions": ["1", "2"], "text": "from the body"});
        assert_eq!(Value::Object(body), expected);
    }

    #[test]
    fn what_cannot_be_is_said_before_anything_is_sent() {
        for (parameters, expected) in [
            (&["sessionId"][..], "name=value"),
            (&["sessionID=a"][..], "there is sessionId"),
            (&["chatId=1@c.us"][..], "needs --param sessionId"),
            (&["sessionId=a", "linkPreview=maybe"][..], "true or false"),
        ] {
            let error = asked(parameters).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn a_form_repeats_lists() {
        let fields = json!({"chatId": "1@c.us", "mentions": ["1", "2"], "ptt": true});
        let Value::Object(fields) = fields else { unreachable!("an object") };
        let form = form(fields);
        let expected = [("chatId", "1@c.us"), ("mentions", "1"), ("mentions", "2"), ("ptt", "true")];
        assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
