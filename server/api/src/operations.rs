//! What is served where, read from the handlers' own declarations: one table for finding the
//! operation of a request, for checking its query, and for the tests.

use std::sync::Arc;

use poem::http::Method;
use poem_openapi::registry::{MetaApi, MetaParamIn, MetaSchemaRef};

use crate::{once::takes_key, upload::FORM};

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Its id; a page has none.
    pub(crate) id: Option<&'static str>,
    /// Its path, with names in braces.
    pub(crate) route: Arc<str>,
    method: Method,
    segments: Vec<Segment>,
    /// The query parameters: name, schema, and whether it must be there.
    pub(crate) query: Vec<(String, MetaSchemaRef, bool)>,
    /// Whether the first part of the path that varies names a session.
    pub(crate) in_session: bool,
    /// Which part of the path that varies names a chat, counted from 0.
    pub(crate) chat: Option<usize>,
    /// Whether it is about a session as a whole.
    pub(crate) is_session: bool,
    /// Whether it takes a body.
    pub(crate) takes_body: bool,
    /// Whether its body may be a form with a file, or the file itself.
    pub(crate) takes_file: bool,
    /// Whether it takes an `Idempotency-Key` that `once` looks after.
    pub(crate) takes_key: bool,
    /// Whether it is counted how often it is asked for; those who watch the gateway are never kept waiting.
    pub(crate) limited: bool,
}

/// What parts of a path are called that name a chat.
const CHATS: [&str; 5] = ["chatId}", "groupId}", "communityId}", "contactId}", "channelId}"];

#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Segment {
    // Sorts first, so that `/sessions/stats/overview` is tried before `/sessions/{sessionId}/…`.
    Fixed(String),
    Varying,
}

/// Every operation.
pub(crate) struct Operations(Vec<Arc<Operation>>);

/// A request that names an operation.
#[derive(Clone)]
pub(crate) struct Matched(pub(crate) Arc<Operation>);

impl Operations {
    /// The table of these declarations, all served under `prefix`.
    pub(crate) fn new(prefix: &str, apis: Vec<MetaApi>) -> Self {
        let paths = apis.into_iter().flat_map(|api| api.paths);
        let mut all: Vec<_> = paths
            .flat_map(|path| {
                let names: Vec<_> = path.path.split('/').filter_map(|it| it.strip_prefix('{')).collect();
                let in_session = names.first().is_some_and(|it| *it == "sessionId}");
                let is_session = path.path.ends_with("{sessionId}");
                let chat = names.iter().position(|it| CHATS.contains(it));
                let full = format!("{prefix}{}", path.path);
                path.operations
                    .into_iter()
                    .map(move |operation| {
                        let (takes_key, takes_body) = (takes_key(&operation), operation.request.is_some());
                        let content = operation.request.into_iter().flat_map(|it| it.content);
                        let takes_file = content.into_iter().any(|it| it.content_type == FORM);
                        let query = operation.params.into_iter().filter(|it| it.in_type == MetaParamIn::Query);
                        Arc::new(Operation {
                            id: operation.operation_id,
                            route: full.as_str().into(),
                            method: operation.method,
                            segments: segments_of(&full),
                            query: query.map(|it| (it.name, it.schema, it.required)).collect(),
                            in_session,
                            is_session,
                            takes_body,
                            takes_file,
                            takes_key,
                            chat,
                            limited: is_limited(&full),
                        })
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        all.sort_by(|a, b| a.segments.cmp(&b.segments));
        Self(all)
    }

    /// The same, and a page that is no operation.
    pub(crate) fn with_page(mut self, path: &str) -> Self {
        let page = Operation {
            id: None,
            route: path.into(),
            method: Method::GET,
            segments: segments_of(path),
            query: Vec::new(),
            in_session: false,
            is_session: false,
            takes_body: false,
            takes_file: false,
            takes_key: false,
            chat: None,
            limited: is_limited(path),
        };
        self.0.push(Arc::new(page));
        self
    }

    /// The same, and another address that is no operation and has the query of one.
    pub(crate) fn with_twin(mut self, path: &str, of: &str) -> Self {
        let of = segments_of(of);
        if let Some(one) = self.0.iter().find(|it| it.method == Method::GET && it.segments == of) {
            let twin = Operation {
                id: None,
                route: path.into(),
                method: Method::GET,
                segments: segments_of(path),
                query: one.query.clone(),
                in_session: false,
                is_session: false,
                takes_body: false,
                takes_file: false,
                takes_key: false,
                chat: None,
                limited: one.limited,
            };
            self.0.push(Arc::new(twin));
        }
        self
    }

    /// The operation of a request, and its path in the spelling of the declaration: letters of fixed
    /// parts count in either case, and a slash at the end is no matter except when deleting.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Option<(Matched, String)> {
        let given = parts_of(method, path)?;
        let operation = self.0.iter().find(|it| it.method == *method && it.takes(&given))?;
        Some((Matched(operation.clone()), operation.spell(&given)))
    }

    /// The other methods that the path of a request takes, in the spelling of the header `Allow`; none where nothing is.
    pub(crate) fn allowed(&self, method: &Method, path: &str) -> Option<String> {
        let given = parts_of(method, path)?;
        let mut methods: Vec<_> = self.0.iter().filter(|it| it.takes(&given)).map(|it| it.method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        methods.dedup();
        (!methods.is_empty()).then(|| methods.join(", "))
    }
}

fn is_limited(path: &str) -> bool {
    !matches!(path.split('/').nth(2), Some("health" | "metrics"))
}

fn parts_of<'a>(method: &Method, path: &'a str) -> Option<Vec<&'a str>> {
    let path = match path.strip_suffix('/') {
        Some(_) if *method == Method::DELETE => return None,
        Some(shorter) => shorter,
        None => path,
    };
    Some(path.strip_prefix('/')?.split('/').collect())
}

impl Operation {
    fn takes(&self, given: &[&str]) -> bool {
        self.segments.len() == given.len()
            && self.segments.iter().zip(given).all(|(segment, given)| match segment {
                Segment::Fixed(text) => text.eq_ignore_ascii_case(given),
                Segment::Varying => !given.is_empty(),
            })
    }

    fn spell(&self, given: &[&str]) -> String {
        let parts = self.segments.iter().zip(given).map(|(segment, given)| match segment {
            Segment::Fixed(text) => text,
            Segment::Varying => *given,
        });
        parts.fold(String::new(), |path, part| path + "/" + part)
    }
}

fn segments_of(path: &str) -> Vec<Segment> {
    let parts = path.split('/').filter(|it| !it.is_empty());
    parts.map(|it| if it.starts_with('{') { Segment::Varying } else { Segment::Fixed(it.to_owned()) }).collect()
}

#[cfg(test)]
mod tests {
    use poem_openapi::{OpenApi, param::Path};

    use super::*;

    struct Sample;

    #[OpenApi]
    impl Sample {
        #[oai(path = "/sessions/:sessionId/qr", method = "get")]
        async fn qr(&self, _id: Path<String>) {}
        #[oai(path = "/sessions/:sessionId/groups/:groupId/picture", method = "get")]
        async fn picture(&self, _id: Path<String>, _group: Path<String>) {}
        #[oai(path = "/sessions/stats/overview", method = "get")]
        async fn overview(&self) {}
        #[oai(path = "/sessions/:sessionId", method = "delete")]
        async fn delete(&self, _id: Path<String>) {}
    }

    #[test]
    fn letters_and_a_slash_at_the_end_are_forgiven() {
        let operations = Operations::new("/api", Sample::meta());
        for (method, given, found) in [
            (Method::GET, "/api/sessions/A/qr", Some("/api/sessions/A/qr")),
            (Method::GET, "/API/Sessions/A/QR/", Some("/api/sessions/A/qr")),
            (Method::GET, "/api/sessions/Stats/Overview", Some("/api/sessions/stats/overview")),
            (Method::GET, "/api/sessions//qr", None),
            (Method::GET, "/api/sessions/A/qr//", None),
            (Method::GET, "/api/sessions/A", None),
            (Method::DELETE, "/api/SESSIONS/A", Some("/api/sessions/A")),
            (Method::DELETE, "/api/sessions/A/", None),
        ] {
            let spelled = operations.find(&method, given).map(|(_, path)| path);
            assert_eq!(spelled.as_deref(), found, "{method} {given}");
        }
    }

    #[test]
    fn a_path_tells_its_methods() {
        let operations = Operations::new("/api", Sample::meta());
        for (method, given, allowed) in [
            (Method::POST, "/api/sessions/A/qr/", Some("GET, HEAD")),
            (Method::GET, "/api/sessions/A", Some("DELETE")),
            (Method::DELETE, "/api/sessions/A/qr/", None),
            (Method::POST, "/api/nothing", None),
        ] {
            assert_eq!(operations.allowed(&method, given).as_deref(), allowed, "{method} {given}");
        }
    }

    #[test]
    fn an_operation_knows_whether_it_is_in_a_session() {
        let operations = Operations::new("/api", Sample::meta());
        let within = |path| operations.find(&Method::GET, path).unwrap().0.0.in_session;
        assert!(within("/api/sessions/A/qr"));
        assert!(!within("/api/sessions/stats/overview"));
    }

    #[test]
    fn an_operation_knows_which_part_of_its_path_is_a_chat() {
        let operations = Operations::new("/api", Sample::meta());
        let chat = |path| operations.find(&Method::GET, path).unwrap().0.0.chat;
        assert_eq!(chat("/api/sessions/A/groups/B/picture"), Some(1));
        assert_eq!(chat("/api/sessions/A/qr"), None);
    }
}
