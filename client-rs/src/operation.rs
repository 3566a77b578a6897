//! The table of all operations, for programs that choose one by its name.

/// One operation of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// Its id, the same in every language and in the API document: `sendText`.
    pub id: &'static str,
    /// The resource it belongs to, in `snake_case`: `messages`.
    pub resource: &'static str,
    /// Its name there, in `snake_case`: `send_text`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The template of its path: `/api/sessions/{sessionId}/messages/send-text`.
    pub path: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// The role that a key needs: `viewer`, `operator` or `admin`; none where no key is needed.
    pub role: Option<&'static str>,
    /// What it takes: those in the path in its order, then query and headers, then the fields of the body.
    pub parameters: &'static [Parameter],
    /// Whether it takes a JSON body.
    pub has_body: bool,
    /// Whether its body may have a file, as a form.
    pub takes_file: bool,
    /// Whether it takes an idempotency key.
    pub takes_key: bool,
    /// What it answers.
    pub answer: AnswerKind,
    /// Whether it should not be used any more.
    pub is_deprecated: bool,
}

/// One thing that an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name on the wire: `chatId`.
    pub name: &'static str,
    /// Where it goes.
    pub place: Place,
    /// What it is.
    pub kind: ValueKind,
    /// Whether it must be given.
    pub is_required: bool,
    /// What it is for.
    pub description: &'static str,
    /// The words it may be, where they are known.
    pub words: &'static [&'static str],
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into the path.
    Path,
    /// Into the query.
    Query,
    /// Into a header.
    Header,
    /// Into the JSON of the body.
    Body,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list of texts.
    Texts,
    /// Any other JSON.
    Json,
}

/// What an operation answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// Nothing.
    Empty,
    /// JSON.
    Json,
    /// A file.
    File,
    /// Events that follow each other.
    Events,
}

impl Operation {
    /// The operation of this id.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        crate::OPERATIONS.iter().find(|it| it.id == id)
    }

    /// Whether it only reads.
    pub fn is_read(&self) -> bool {
        self.method == "GET"
    }

    /// The names of what stands in the path, in its order.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.parameters.iter().filter(|it| it.place == Place::Path).map(|it| it.name)
    }
}
