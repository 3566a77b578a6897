//! What things are called.
//!
//! A resource is called as its tag. A method is called as its operation id without the resource's own
//! words: those of the tag, and those of the path segment that names the resource. So `listApiKeys` below
//! `/auth/api-keys` and the tag `Keys` is `keys.list`, and `markChatRead` of `Chats` is `chats.mark_read`.
//! A preposition that is left over at the end goes as well: `reactToMessage` is `messages.react`.

use heck::ToSnakeCase;

use super::Build;

const PREPOSITIONS: &[&str] = &["to", "of", "for", "from", "in", "on", "with", "by"];

/// Schemas that would hide something that a language or each client has itself.
const TAKEN: &[&str] = &[
    "Any",
    "ApiClient",
    "ApiError",
    "ApiException",
    "Array",
    "ArrayBuffer",
    "Blob",
    "Body",
    "Boolean",
    "Box",
    "Buffer",
    "Client",
    "Configuration",
    "Date",
    "Default",
    "Dict",
    "Double",
    "Enum",
    "Error",
    "Exception",
    "File",
    "Float",
    "FormData",
    "Function",
    "Headers",
    "Int",
    "Integer",
    "Iterator",
    "List",
    "Long",
    "Map",
    "Module",
    "Null",
    "Number",
    "Object",
    "OpenWa",
    "Option",
    "Optional",
    "Page",
    "Promise",
    "Readable",
    "Request",
    "Response",
    "Result",
    "Self",
    "Set",
    "Stream",
    "String",
    "Symbol",
    "Tuple",
    "Type",
    "Union",
    "Unknown",
    "Uuid",
    "Vec",
    "Void",
];

/// Resources whose accessor would hide a method that clients have themselves.
const TAKEN_BY_THE_CLIENT: &[&str] =
    &["builder", "call", "clone", "close", "default", "download", "new", "request", "send", "upload", "with"];

/// The words of a name in any spelling.
pub(super) fn words(name: &str) -> Vec<String> {
    name.to_snake_case().split('_').filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

/// The words of a name that languages can say: it begins with a letter.
pub(super) fn said(build: &mut Build<'_>, place: &str, name: &str) -> Vec<String> {
    let words = words(name);
    if words.first().is_none_or(|it| !it.starts_with(|letter: char| letter.is_ascii_alphabetic())) || !name.is_ascii() {
        build.refuse(place, format_args!("`{name}` does not begin with a letter, or has others than A to Z"));
    }
    words
}

/// A schema's name: in PascalCase, and not taken.
pub(super) fn schema(build: &mut Build<'_>, name: &str) {
    let place = format!("components.schemas.{name}");
    let pascal =
        name.starts_with(|it: char| it.is_ascii_uppercase()) && name.chars().all(|it| it.is_ascii_alphanumeric());
    if !pascal {
        build.refuse(&place, "rename it: a schema is called in PascalCase, with letters and digits only");
    }
    if TAKEN.iter().any(|it| it.eq_ignore_ascii_case(name)) {
        build.refuse(&place, "rename it: languages and clients have something of that name themselves");
    }
}

pub(super) fn resource(build: &mut Build<'_>, tag: &str) -> Vec<String> {
    let place = format!("tags.{tag}");
    let name = said(build, &place, tag);
    if TAKEN_BY_THE_CLIENT.contains(&name.join("_").as_str()) {
        build.refuse(&place, "rename it: a client has a method of that name itself");
    }
    name
}

/// The name of an operation within its resource.
pub(super) fn method(id: &str, tag: &str, path: &str) -> Vec<String> {
    let own = own_words(tag, path);
    let all = words(id);
    let mut name: Vec<String> = all.iter().filter(|it| !own.contains(it)).cloned().collect();
    let cut_last = all.last() != name.last();
    while cut_last && name.len() > 1 && name.last().is_some_and(|it| PREPOSITIONS.contains(&it.as_str())) {
        name.pop();
    }
    if name.is_empty() { all } else { name }
}

/// The words of the tag and of the path segment that ends with the last of them, in both numbers.
fn own_words(tag: &str, path: &str) -> Vec<String> {
    let tag = words(tag);
    let mut own = tag.clone();
    if let Some(noun) = tag.last() {
        let named = path.split('/').map(words).find(|it| it.last() == Some(noun));
        own.extend(named.unwrap_or_default());
    }
    let other_numbers: Vec<String> = own.iter().flat_map(|it| [singular(it), format!("{it}s")]).collect();
    own.extend(other_numbers);
    own
}

fn singular(word: &str) -> String {
    match word {
        _ if word.ends_with("ies") => format!("{}y", &word[..word.len() - 3]),
        _ if word.ends_with("sses") || word.ends_with("xes") || word.ends_with("ches") => {
            word[..word.len() - 2].to_owned()
        }
        _ if word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") => word[..word.len() - 1].to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_called_by_what_they_do_to_their_resource() {
        for (id, tag, path, name) in [
            ("listMessages", "Messages", "/api/sessions/{sessionId}/messages", "list"),
            ("deleteMessage", "Messages", "/api/sessions/{sessionId}/messages/delete", "delete"),
            ("reactToMessage", "Messages", "/api/sessions/{sessionId}/messages/react", "react"),
            ("sendText", "Messages", "/api/sessions/{sessionId}/messages/send-text", "send_text"),
            ("listMessageReactions", "Messages", "/api/messages/{id}/reactions", "list_reactions"),
            ("markChatRead", "Chats", "/api/sessions/{sessionId}/chats/read", "mark_read"),
            ("getSessionQr", "Sessions", "/api/sessions/{sessionId}/qr", "get_qr"),
            ("getSessionsOverview", "Sessions", "/api/sessions/stats/overview", "get_overview"),
            ("listApiKeys", "Keys", "/api/auth/api-keys", "list"),
            ("validateApiKey", "Keys", "/api/auth/api-keys/validate", "validate"),
            ("listAllWebhooks", "Webhooks", "/api/webhooks", "list_all"),
            ("reply", "Messages", "/api/sessions/{sessionId}/messages/reply", "reply"),
            ("session", "Sessions", "/api/sessions/{sessionId}", "session"),
            ("optIn", "Contacts", "/api/contacts/opt-in", "opt_in"),
            ("listStatuses", "Status", "/api/status", "list_statuses"),
            ("getCategory", "Categories", "/api/categories/{id}", "get"),
        ] {
            assert_eq!(method(id, tag, path).join("_"), name, "{id}");
        }
    }
}
