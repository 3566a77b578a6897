//! What every template is rendered from: the document, cut into what a client library is made of.
//!
//! Names stand here as lists of lower-case words (`["send", "text"]`); the filters `snake`, `camel`,
//! `pascal`, `kebab` and `title` join them, so that one operation has the same name in each language.

use serde::Serialize;

/// A whole API.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Api {
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) description: String,
    /// One for each tag, in the order of the document.
    pub(crate) resources: Vec<Resource>,
    /// Each named schema, in the order of its name.
    pub(crate) types: Vec<Type>,
    /// Each kind of event, in the order of `EventType`.
    pub(crate) events: Vec<Event>,
}

/// The operations of one tag: `client.messages()`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Resource {
    pub(crate) name: Vec<String>,
    /// The tag as it stands in the document.
    pub(crate) tag: String,
    pub(crate) description: String,
    pub(crate) operations: Vec<Operation>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Operation {
    /// The `operationId`, the same everywhere: `sendText`.
    pub(crate) id: String,
    /// Its name within the resource: the words of the id without those of the resource.
    pub(crate) name: Vec<String>,
    pub(crate) summary: String,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    /// `GET`, `POST` and so on.
    pub(crate) method: String,
    /// `/api/sessions/{sessionId}/messages/send-text`.
    pub(crate) path: String,
    /// In the order of the path.
    pub(crate) path_parameters: Vec<Parameter>,
    /// Those that must be given first. One that chooses between several kinds of answer
    /// (`format` where there is JSON and SVG) is left out: clients ask for the JSON.
    pub(crate) query: Vec<Parameter>,
    /// Without `Idempotency-Key` and `Last-Event-ID`: clients deal with those themselves.
    pub(crate) headers: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) response: Response,
    /// The status of success.
    pub(crate) status: u16,
    /// Whether it takes an `Idempotency-Key`: then a client makes one for each call, and may retry.
    pub(crate) idempotency_key: bool,
    pub(crate) page: Option<Page>,
    /// `viewer`, `operator` or `admin`; none where no key is needed.
    pub(crate) role: Option<String>,
    /// The document's example of the request body.
    pub(crate) example: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Parameter {
    /// As it stands on the wire: `sessionId`.
    pub(crate) wire: String,
    pub(crate) name: Vec<String>,
    pub(crate) description: String,
    pub(crate) required: bool,
    #[serde(rename = "type")]
    pub(crate) kind: TypeRef,
    pub(crate) default: Option<serde_json::Value>,
    pub(crate) example: Option<serde_json::Value>,
    pub(crate) deprecated: bool,
    pub(crate) bounds: Bounds,
}

/// The body of a request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Body {
    pub(crate) required: bool,
    /// The named struct that the JSON is, always a struct of `Api::types`.
    pub(crate) schema: String,
    /// Whether the same fields may be sent as `multipart/form-data`, with the file as a streamed part `file`.
    pub(crate) multipart: bool,
}

/// What a success brings.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Response {
    Empty,
    Json {
        #[serde(rename = "type")]
        kind: TypeRef,
    },
    /// A file, streamed.
    Bytes,
    /// Server-sent events, resumed by `Last-Event-ID`.
    Events {
        #[serde(rename = "type")]
        kind: TypeRef,
    },
}

/// How the next page is asked for.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Page {
    /// `limit` and `offset`; the last page is shorter than asked for.
    Offset {
        item: TypeRef,
        /// The field that holds the items; none where the answer is the list itself.
        items: Option<String>,
    },
    /// `limit` and `after`, which is the field `next` of the last page; the end is an empty page.
    Cursor { item: TypeRef, items: String, next: String, after: String },
}

/// A named schema.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Type {
    /// In PascalCase, as it stands in the document.
    pub(crate) name: String,
    pub(crate) description: String,
    /// The document's example of it.
    pub(crate) example: Option<serde_json::Value>,
    #[serde(flatten)]
    pub(crate) shape: Shape,
    /// Whether requests contain it, directly or below.
    pub(crate) in_requests: bool,
    /// Whether answers or events contain it.
    pub(crate) in_answers: bool,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "shape", rename_all = "snake_case")]
pub(crate) enum Shape {
    /// The fields that are always there first, in the order of `required`; then the others by name.
    Struct { fields: Vec<Field> },
    /// Open: a client keeps values that it does not know.
    Enum { values: Vec<EnumValue> },
    /// Told apart by the field `tag`; open as well.
    Union { tag: String, variants: Vec<Variant> },
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct EnumValue {
    pub(crate) wire: String,
    pub(crate) name: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Variant {
    /// The value of the tag.
    pub(crate) wire: String,
    pub(crate) name: Vec<String>,
    /// The struct.
    pub(crate) schema: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Field {
    pub(crate) wire: String,
    pub(crate) name: Vec<String>,
    pub(crate) description: String,
    pub(crate) required: bool,
    /// Whether `null` is a value of it.
    pub(crate) nullable: bool,
    #[serde(rename = "type")]
    pub(crate) kind: TypeRef,
    pub(crate) default: Option<serde_json::Value>,
    pub(crate) example: Option<serde_json::Value>,
    pub(crate) deprecated: bool,
    pub(crate) bounds: Bounds,
}

/// The type of a value, never null by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum TypeRef {
    String,
    /// ISO 8601 in UTC.
    DateTime,
    Uuid,
    Integer,
    Number,
    Boolean,
    /// Any JSON.
    Any,
    /// One fixed string.
    Constant {
        value: String,
    },
    Array {
        of: Box<TypeRef>,
    },
    Map {
        of: Box<TypeRef>,
    },
    Named {
        name: String,
    },
}

/// What the server refuses otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Bounds {
    pub(crate) minimum: Option<i64>,
    pub(crate) maximum: Option<i64>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) min_items: Option<u64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) pattern: Option<String>,
}

/// One kind of event: what follows in the log, and what a webhook brings.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Event {
    /// `message.received`.
    pub(crate) wire: String,
    pub(crate) name: Vec<String>,
    pub(crate) description: String,
    /// The struct of its `data`.
    pub(crate) data: String,
    /// The struct of a webhook's body.
    pub(crate) delivery: String,
}
