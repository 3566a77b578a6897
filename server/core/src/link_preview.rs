//! The card under a text that links to a page: what the page says about itself, and its picture.
//!
//! A text is sent without one when its page does not answer in time, is no page, or may not be reached.

mod page;

use std::time::Duration;

use openwa_model::content::LinkPreview;
use reqwest::{Client, Response, header::CONTENT_TYPE};
use url::Url;

use self::page::Card;
use crate::{
    error::GatewayError,
    fetch::{Fetched, fetch, said_plainly},
    guard::{MAX_URL, NetworkPolicy},
    pictures::Pictures,
};

/// No more of a page than this is read; what it says about itself stands at its beginning.
const MOST_PAGE: usize = 512 * 1024;
/// A larger picture is left out.
const MOST_PICTURE: usize = 4 * 1024 * 1024;
/// The longest edge of the picture, in pixels.
const EDGE: u32 = 192;

/// Makes cards.
pub(crate) struct Previews<'a> {
    pub(crate) client: &'a Client,
    pub(crate) network: &'a NetworkPolicy,
    pub(crate) pictures: &'a Pictures,
    /// How long page and picture together may hold up a text.
    pub(crate) within: Duration,
}

impl Previews<'_> {
    /// The card of the first link in a text, if there is a link and its page says what it is.
    pub(crate) async fn of(&self, text: &str) -> Option<LinkPreview> {
        let link = first_link(text)?;
        let made = tokio::time::timeout(self.within, self.make(link)).await;
        match made {
            Ok(Ok(card)) => card,
            Ok(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "a text is sent without a link preview");
                None
            }
            Err(_) => {
                tracing::debug!("a text is sent without a link preview: the page took longer than {:?}", self.within);
                None
            }
        }
    }

    async fn make(&self, link: &str) -> Result<Option<LinkPreview>, GatewayError> {
        let Fetched { mut answer, url } = fetch(self.client, self.network, link).await?;
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let kind = kind.to_ascii_lowercase();
        if !(kind.starts_with("text/html") || kind.starts_with("application/xhtml+xml")) {
            return Ok(None);
        }
        let bytes = beginning(&mut answer, MOST_PAGE).await?;
        let Card { title, description, picture } = page::read(&page::decoded(&bytes, &kind));
        let Some(title) = title else { return Ok(None) };
        let thumbnail = match picture.and_then(|it| url.join(&it).ok()) {
            Some(address) => self.thumbnail(&address).await,
            None => None,
        };
        Ok(Some(LinkPreview { link: link.to_owned(), title, description, thumbnail }))
    }

    /// A card without its picture is still a card.
    async fn thumbnail(&self, address: &Url) -> Option<Vec<u8>> {
        let Fetched { mut answer, .. } = fetch(self.client, self.network, address.as_str()).await.ok()?;
        // One byte more shows that there is more.
        let bytes = beginning(&mut answer, MOST_PICTURE + 1).await.ok()?;
        if bytes.len() > MOST_PICTURE { None } else { self.pictures.thumbnail(bytes, EDGE).await }
    }
}

/// No more than so many bytes of an answer.
async fn beginning(answer: &mut Response, most: usize) -> Result<Vec<u8>, GatewayError> {
    let mut bytes = Vec::new();
    while bytes.len() < most
        && let Some(chunk) = answer.chunk().await.map_err(|error| said_plainly(&error))?
    {
        bytes.extend_from_slice(&chunk[..chunk.len().min(most - bytes.len())]);
    }
    Ok(bytes)
}

/// The first address in a text that a person would take for a link.
fn first_link(text: &str) -> Option<&str> {
    // Lower case in ASCII only, so that places stay the same.
    let lower = text.to_ascii_lowercase();
    let start = ["http://", "https://"].into_iter().filter_map(|it| lower.find(it)).min()?;
    let rest = &text[start..];
    let ends = |it: char| it.is_whitespace() || it.is_control() || "<>\"“”«»".contains(it);
    let mut link = &rest[..rest.find(ends).unwrap_or(rest.len())];
    // What closes a sentence or a bracket around the link is not the link's.
    while let Some(last) = link.chars().next_back() {
        let opened = match last {
            ')' => link.contains('('),
            ']' => link.contains('['),
            '}' => link.contains('{'),
            _ => !".,;:!?'*_~…".contains(last),
        };
        if opened {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    let has_host = Url::parse(link).is_ok_and(|it| it.has_host());
    (has_host && link.len() <= MAX_URL).then_some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_ends_where_a_person_would_say_it_does() {
        for (text, link) in [
            ("see https://example.org/a?b=c#d now", Some("https://example.org/a?b=c#d")),
            ("HTTPS://Example.org", Some("HTTPS://Example.org")),
            ("(https://example.org/a).", Some("https://example.org/a")),
            ("https://example.org/Rust_(language)", Some("https://example.org/Rust_(language)")),
            ("*https://example.org/a*", Some("https://example.org/a")),
            ("ü https://example.org/ä, and http://example.net", Some("https://example.org/ä")),
            ("http://b.example and https://a.example", Some("http://b.example")),
            ("https://", None),
            ("example.org", None),
            ("no link", None),
        ] {
            assert_eq!(first_link(text), link, "{text}");
        }
        assert_eq!(first_link(&format!("https://example.org/{}", "a".repeat(MAX_URL))), None);
    }
}
