//! What a page says about itself, read from its first bytes without building a tree of it: tags are looked at one
//! after another, in time that grows with the length and no faster.

/// The longest title that is taken over, in characters.
const LONGEST_TITLE: usize = 256;
/// The longest description.
const LONGEST_DESCRIPTION: usize = 1024;
/// More attributes than a tag has.
const MOST_ATTRIBUTES: usize = 32;
/// The longest name of a character, as in `&hellip;`.
const LONGEST_ENTITY: usize = 10;

/// What a page says about itself.
#[derive(PartialEq, Eq, Default, Debug)]
pub(super) struct Card {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    /// The address of a picture, as it is written.
    pub(super) picture: Option<String>,
}

/// The text of a page: UTF-8, unless its host says Latin-1.
pub(super) fn decoded(bytes: &[u8], content_type: &str) -> String {
    if content_type.contains("iso-8859-1") || content_type.contains("windows-1252") {
        return bytes.iter().map(|it| char::from(*it)).collect();
    }
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads the beginning of a page.
pub(super) fn read(html: &str) -> Card {
    let lower = html.to_ascii_lowercase();
    let mut said = Said::default();
    let mut at = 0;
    while let Some(open) = lower[at..].find('<') {
        at += open + 1;
        if lower[at..].starts_with("!--") {
            let Some(end) = lower[at..].find("-->") else { break };
            at += end + 3;
            continue;
        }
        let name = lower[at..].split(|it: char| !it.is_ascii_alphanumeric()).next().unwrap_or_default();
        match name {
            "script" | "style" | "svg" | "template" | "textarea" | "noscript" => {
                let Some(end) = lower[at..].find(&format!("</{name}")) else { break };
                at += end;
            }
            "title" => {
                let Some(begin) = lower[at..].find('>') else { break };
                let begin = at + begin + 1;
                let Some(end) = lower[begin..].find("</title") else { break };
                said.title.get_or_insert(&html[begin..begin + end]);
                at = begin + end;
            }
            "meta" => {
                let (attributes, behind) = attributes(html, at + name.len());
                said.take(&attributes);
                at = behind;
            }
            _ => {}
        }
    }
    said.card()
}

/// The best of what was said, as it is written.
#[derive(Default)]
struct Said<'a> {
    title: Option<&'a str>,
    named: [Option<&'a str>; NAMES.len()],
}

/// In order of preference: titles, descriptions, pictures.
const NAMES: [&str; 8] = [
    "og:title",
    "twitter:title",
    "og:description",
    "twitter:description",
    "description",
    "og:image:secure_url",
    "og:image",
    "twitter:image",
];

impl<'a> Said<'a> {
    fn take(&mut self, attributes: &[(&'a str, &'a str)]) {
        let of = |name: &str| attributes.iter().find(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1);
        let (Some(name), Some(content)) = (of("property").or(of("name")), of("content")) else { return };
        let place = NAMES.iter().position(|it| it.eq_ignore_ascii_case(name.trim()));
        if let Some(place) = place.filter(|_| !content.trim().is_empty()) {
            self.named[place].get_or_insert(content);
        }
    }

    fn card(&self) -> Card {
        let [og_title, twitter_title, og_about, twitter_about, about, secure, picture, twitter_picture] = self.named;
        let first = |all: &[Option<&'a str>]| all.iter().find_map(|it| *it);
        let text = |it: &str, most| Some(plain(it, most)).filter(|it| !it.is_empty());
        Card {
            title: first(&[og_title, twitter_title, self.title]).and_then(|it| text(it, LONGEST_TITLE)),
            description: first(&[og_about, twitter_about, about]).and_then(|it| text(it, LONGEST_DESCRIPTION)),
            picture: first(&[secure, picture, twitter_picture]).map(|it| plain(it, crate::guard::MAX_URL)),
        }
    }
}

/// The attributes of a tag from this place on, and where it ends.
fn attributes(html: &str, mut at: usize) -> (Vec<(&str, &str)>, usize) {
    let mut found = Vec::new();
    let skip =
        |at: usize, what: fn(char) -> bool| at + html[at..].find(|it: char| !what(it)).unwrap_or(html.len() - at);
    while found.len() < MOST_ATTRIBUTES {
        at = skip(at, |it| it.is_whitespace() || it == '/');
        let name_end = skip(at, |it| !it.is_whitespace() && !matches!(it, '=' | '>' | '/'));
        let name = &html[at..name_end];
        at = skip(name_end, char::is_whitespace);
        if !html[at..].starts_with('=') {
            if name.is_empty() {
                break;
            }
            continue;
        }
        at = skip(at + 1, char::is_whitespace);
        let quote = html[at..].chars().next().filter(|it| matches!(it, '"' | '\''));
        let value = match quote {
            Some(quote) => {
                at += 1;
                let Some(length) = html[at..].find(quote) else { return (found, html.len()) };
                let value = &html[at..at + length];
                at += length + 1;
                value
            }
            None => {
                let end = skip(at, |it| !it.is_whitespace() && it != '>');
                let value = &html[at..end];
                at = end;
                value
            }
        };
        found.push((name, value));
    }
    (found, at)
}

/// Text as a person reads it: characters for their names, one space for any number of them, cut to a length.
fn plain(text: &str, most: usize) -> String {
    let mut read = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('&') {
        read.push_str(&rest[..open]);
        let behind = &rest[open + 1..];
        let end = behind.bytes().take(LONGEST_ENTITY).position(|it| it == b';');
        match end.and_then(|it| Some((character(&behind[..it])?, it))) {
            Some((character, end)) => {
                read.push(character);
                rest = &behind[end + 1..];
            }
            None => {
                read.push('&');
                rest = behind;
            }
        }
    }
    read.push_str(rest);
    let words: Vec<&str> =
        read.split(|it: char| it.is_whitespace() || it.is_control()).filter(|it| !it.is_empty()).collect();
    words.join(" ").chars().take(most).collect()
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "laquo" => '«',
        "raquo" => '»',
        "middot" => '·',
        "bull" => '•',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "euro" => '€',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(title: Option<&str>, description: Option<&str>, picture: Option<&str>) -> Card {
        let owned = |it: Option<&str>| it.map(str::to_owned);
        Card { title: owned(title), description: owned(description), picture: owned(picture) }
    }

    #[test]
    fn pages_are_read_as_they_are_written() {
        for (html, expected) in [
            ("<title>Shop</title>", card(Some("Shop"), None, None)),
            (
                "<!DOCTYPE html><HTML><head><TITLE lang=en>\n  A &amp; B\n </TITLE>\n<meta name=description content='Tea'>",
                card(Some("A & B"), Some("Tea"), None),
            ),
            (
                r#"<title>x</title><meta property="og:title" content="Open &quot;late&quot;"/>
                   <meta content="A tea &#8211; shop&#x2026;" property="og:description">
                   <meta property=og:image content=/a.png><meta name="twitter:image" content="b.png">"#,
                card(Some("Open \"late\""), Some("A tea – shop…"), Some("/a.png")),
            ),
            (
                r#"<meta name="twitter:title" content="T"><meta property="og:title" content=" ">"#,
                card(Some("T"), None, None),
            ),
            (
                r#"<meta property="og:title" content="first"><meta property="og:title" content="second">"#,
                card(Some("first"), None, None),
            ),
            (
                r#"<!-- <title>no</title> --><script>"<title>no</title>"</script><svg><title>no</title></svg><title>yes</title>"#,
                card(Some("yes"), None, None),
            ),
            (r#"<meta property="og:title" content="a > b">"#, card(Some("a > b"), None, None)),
            ("<title>half", card(None, None, None)),
            ("<meta property=\"og:title\" content=\"half", card(None, None, None)),
            ("<", card(None, None, None)),
            ("", card(None, None, None)),
            ("<title>AT&T &unknown; &#xffffffff;</title>", card(Some("AT&T &unknown; &#xffffffff;"), None, None)),
            ("<meta content><meta = ><meta///><title>T</title>", card(Some("T"), None, None)),
        ] {
            assert_eq!(read(html), expected, "{html}");
        }
    }

    #[test]
    fn long_texts_are_cut_and_other_alphabets_read() {
        let long = format!("<title>{}</title>", "ä".repeat(1000));
        assert_eq!(read(&long).title.map(|it| it.chars().count()), Some(LONGEST_TITLE));
        assert_eq!(decoded(b"caf\xe9", "text/html; charset=iso-8859-1"), "café");
        assert_eq!(decoded("café".as_bytes(), "text/html"), "café");
        assert_eq!(read("<title>İstanbul ÄÖ</title><meta property=og:image content=ü>").picture.as_deref(), Some("ü"));
    }

    #[test]
    fn hostile_pages_take_no_longer_than_others() {
        for piece in ["<", "<!--", "<title>", "<meta a=", "<script>", "<meta \"", "&", "<meta a=\"b\" "] {
            read(&piece.repeat(500_000 / piece.len()));
        }
    }
}
