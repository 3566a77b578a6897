//! The operations of the document, for the tests that go through all of them: who may, what they take, and an
//! example of it that is good.

use std::sync::LazyLock;

use serde_json::{Map, Value};

/// An id that names nothing.
pub(crate) const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&openwa_api::document()).unwrap());

/// One operation.
pub(crate) struct Operation {
    /// Its id.
    pub(crate) id: &'static str,
    /// Its method in capitals.
    pub(crate) method: String,
    /// Its path, with names in braces.
    pub(crate) template: &'static str,
    /// The least role; public when absent.
    pub(crate) role: Option<&'static str>,
    /// What limited keys meet.
    pub(crate) scope: &'static str,
    /// Name, schema, and whether it must be there.
    pub(crate) query: Vec<(&'static str, &'static Value, bool)>,
    /// The schema of its JSON body.
    pub(crate) body: Option<&'static Value>,
    /// The status that tells success.
    pub(crate) success: u16,
    /// Whether it takes an `Idempotency-Key`.
    pub(crate) takes_key: bool,
    /// Whether its answer never ends.
    pub(crate) streams: bool,
}

/// Every operation.
pub(crate) fn all() -> Vec<Operation> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let all: Vec<_> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap();
            methods.iter().map(move |(method, operation)| Operation::read(method, path, operation))
        })
        .collect();
    assert!(all.len() > 45, "{} operations", all.len());
    all
}

impl Operation {
    fn read(method: &str, template: &'static str, told: &'static Value) -> Self {
        let json = &told["requestBody"]["content"]["application/json"];
        let parameters = told["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let query = parameters.iter().filter(|it| it["in"] == "query");
        let (status, answer) = good_answer(&told["responses"]);
        Self {
            id: told["operationId"].as_str().unwrap(),
            method: method.to_uppercase(),
            template,
            role: told["x-required-role"].as_str(),
            scope: told["x-key-scope"].as_str().unwrap_or_default(),
            query: query.map(|it| (it["name"].as_str().unwrap(), &it["schema"], it["required"] == true)).collect(),
            body: json.get("schema").map(resolved),
            success: status.parse().unwrap(),
            takes_key: parameters.iter().any(|it| it["name"] == "Idempotency-Key"),
            streams: answer["content"].get("text/event-stream").is_some(),
        }
    }

    /// Whether it is about one session.
    pub(crate) fn in_session(&self) -> bool {
        self.template.contains("{sessionId}")
    }

    /// Its path with each name in braces replaced.
    pub(crate) fn path(&self, value: impl Fn(&str) -> String) -> String {
        let parts = self.template.split('/');
        let filled =
            parts.map(|it| it.strip_prefix('{').map_or_else(|| it.to_owned(), |it| value(it.trim_end_matches('}'))));
        filled.collect::<Vec<_>>().join("/")
    }

    /// The document's own example of its body.
    pub(crate) fn example(&self) -> Option<&'static Value> {
        self.body.map(|it| &it["examples"][0])
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} {})", self.id, self.method, self.template)
    }
}

/// Something of this sort that a path may name, in a gateway where nothing of the sort has to be.
pub(crate) fn usual(name: &str) -> String {
    let usual = match name {
        "chatId" | "contactId" => "15550000001@c.us",
        "messageId" | "statusId" => "3EB0AA",
        "groupId" | "communityId" => "120363000000000001@g.us",
        "channelId" => "120363000000000003@newsletter",
        "number" => "15550000001",
        "callId" => "5A3C1F7E9B2D",
        // A person, or the id of a status: both are read there.
        "id" => "15550000001@c.us",
        "labelId" => "1",
        "productId" => "5551234567890123",
        _ => NOBODY,
    };
    usual.to_owned()
}

fn good_answer(responses: &'static Value) -> (&'static str, &'static Value) {
    let responses: &Map<_, _> = responses.as_object().unwrap();
    let (status, answer) = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap();
    (status.as_str(), answer)
}

/// A schema, followed to where it stands.
pub(crate) fn resolved(schema: &'static Value) -> &'static Value {
    if let Some(pointer) = schema["$ref"].as_str().and_then(|it| it.strip_prefix('#')) {
        return resolved(DOCUMENT.pointer(pointer).unwrap());
    }
    match schema["anyOf"].as_array() {
        // A reference or null.
        Some(choices) => resolved(&choices[0]),
        None => schema,
    }
}
