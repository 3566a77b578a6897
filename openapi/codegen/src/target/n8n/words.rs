//! Sentences and names as n8n writes them: titles in title case, descriptions without a full stop unless
//! there are several sentences, HTML inside.

/// Words that stay small inside a title.
const SMALL: [&str; 16] =
    ["a", "an", "and", "as", "at", "by", "for", "in", "of", "on", "or", "the", "to", "via", "with", "without"];

/// Words that are written in their own way.
const OWN: [(&str, &str); 12] = [
    ("api", "API"),
    ("http", "HTTP"),
    ("id", "ID"),
    ("ids", "IDs"),
    ("ip", "IP"),
    ("ips", "IPs"),
    ("json", "JSON"),
    ("mime", "MIME"),
    ("ptt", "PTT"),
    ("qr", "QR"),
    ("url", "URL"),
    ("urls", "URLs"),
];

/// Those that n8n's linter looks for inside of code as well.
const CHECKED: [(&str, &str); 4] = [("id", "ID"), ("ids", "IDs"), ("json", "JSON"), ("url", "URL")];

/// `["quoted", "message", "id"]` as `Quoted Message ID`.
pub(super) fn title(words: &[String]) -> String {
    let last = words.len().saturating_sub(1);
    let one = |(place, word): (usize, &String)| {
        let word = word.to_lowercase();
        if let Some((_, own)) = OWN.iter().find(|it| it.0 == word) {
            return (*own).to_owned();
        }
        if SMALL.contains(&word.as_str()) && place != 0 && place != last { word } else { capital(&word) }
    };
    words.iter().enumerate().map(one).collect::<Vec<_>>().join(" ")
}

/// `messages` as `message`: n8n names resources in the singular.
pub(super) fn singular(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    if let Some(last) = words.last_mut() {
        if let Some(stem) = last.strip_suffix("ies") {
            *last = format!("{stem}y");
        } else if !last.ends_with("ss") && !last.ends_with("us") && !last.ends_with("is") {
            *last = last.strip_suffix('s').unwrap_or(last).to_owned();
        }
    }
    words
}

/// A description, in one paragraph.
pub(super) fn description(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_end_matches('.');
    let several = text.contains(". ");
    let mut html = String::with_capacity(text.len());
    // Every second part stands between backticks.
    for (place, part) in text.split('`').enumerate() {
        if place % 2 == 0 {
            html.push_str(&escaped(&own_spelling(part, &OWN)));
        } else if OWN.iter().any(|it| it.0 == part) {
            html.push_str(&own_spelling(part, &OWN));
        } else {
            html.push_str(&format!("<code>{}</code>", escaped(&own_spelling(part, &CHECKED))));
        }
    }
    let html = capital(&html);
    if several { format!("{html}.") } else { html }
}

/// The description of a yes or no, which begins with `Whether`.
pub(super) fn whether(words: &[String], text: &str) -> String {
    if text.starts_with("Whether") {
        return description(text);
    }
    description(&format!("Whether to set \"{}\". {text}", title(words)))
}

/// What an operation does, in words: `Send a text`. n8n wants nothing but letters and digits here, and no
/// capital inside a word.
pub(super) fn action(text: &str) -> String {
    let text = match (text.find(" a "), text.split_once("'s ")) {
        // "Get a session's proxy" as "Get the proxy of a session".
        (Some(article), Some((owner, owned))) if !owned.contains(' ') && article < owner.len() => {
            format!("{} the {owned} of {}", &owner[..article], &owner[article + 1..])
        }
        _ => text.replace("'s ", " "),
    };
    let letters: String = text.chars().map(|it| if it.is_alphanumeric() { it } else { ' ' }).collect();
    let one = |word: &str| {
        let is_own = word.len() > 1 && word.chars().all(|it| it.is_ascii_uppercase());
        let own = OWN.iter().find(|it| it.0 == word && it.1 == it.1.to_uppercase());
        if is_own { word.to_owned() } else { own.map_or_else(|| word.to_lowercase(), |it| it.1.to_owned()) }
    };
    capital(&letters.split_whitespace().map(one).collect::<Vec<_>>().join(" "))
}

/// A description that says no more than the title is left out.
pub(super) fn unless_same(description: String, title: &str) -> String {
    let plain = description.trim_start_matches("The ").trim_start_matches("A ");
    if plain.eq_ignore_ascii_case(title) { String::new() } else { description }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The text with these words as they are to be written, wherever they stand by themselves.
fn own_spelling(text: &str, own: &[(&str, &str)]) -> String {
    let mut spelt = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(|it: char| !it.is_alphanumeric()).unwrap_or(rest.len());
        let (before, after) = rest.split_at(word);
        spelt.push_str(own.iter().find(|it| it.0 == before).map_or(before, |it| it.1));
        let between = after.find(char::is_alphanumeric).unwrap_or(after.len());
        spelt.push_str(&after[..between]);
        rest = &after[between..];
    }
    spelt
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn titles_and_resources() {
        assert_eq!(title(&words("quoted message id")), "Quoted Message ID");
        assert_eq!(title(&words("type of")), "Type Of");
        for (many, one) in [("messages", "message"), ("status", "status"), ("replies", "reply"), ("health", "health")] {
            assert_eq!(singular(&words(many)), [one]);
        }
    }

    #[test]
    fn actions_are_plain_words() {
        for (text, plain) in [
            ("Get a session's proxy", "Get the proxy of a session"),
            ("Get what a session's engine can do", "Get what a session engine can do"),
            ("Check whether a number is on WhatsApp.", "Check whether a number is on whatsapp"),
            ("Get the QR code", "Get the QR code"),
        ] {
            assert_eq!(action(text), plain);
        }
    }

    #[test]
    fn descriptions_end_as_n8n_wants_them() {
        assert_eq!(description("The chat's id."), "The chat's ID");
        assert_eq!(description("One.\n\nTwo `<id>@c.us`."), "One. Two <code>&lt;ID&gt;@c.us</code>.");
        assert_eq!(description("Without `url` and `file`"), "Without URL and <code>file</code>");
        assert_eq!(whether(&words("link preview"), "Ignored."), "Whether to set \"Link Preview\". Ignored.");
        assert_eq!(whether(&words("ptt"), "Whether it is a voice note."), "Whether it is a voice note");
    }
}
