//! How much of what comes from outside is kept.

use jiff::SignedDuration;
use openwa_model::{
    Timestamp,
    content::{Detail, Media, StatusPost},
};

/// The longest text of a message that is kept, in characters; WhatsApp's own apps send less.
pub(super) const MAX_BODY: usize = 65_536;
/// The longest name that is kept, in characters.
pub(super) const MAX_NAME: usize = 256;
/// How many mentions, contact cards or poll options of one message are kept.
pub(super) const MAX_ITEMS: usize = 256;
/// How far ahead of our clock a message may claim to be.
const MAX_AHEAD_SECONDS: i64 = 24 * 60 * 60;

/// A time from outside, kept within what can be.
pub(super) fn plausible(at: Timestamp, now: Timestamp) -> Timestamp {
    let latest = now.saturating_add(SignedDuration::from_secs(MAX_AHEAD_SECONDS)).unwrap_or(Timestamp::MAX);
    at.clamp(Timestamp::UNIX_EPOCH, latest.max(Timestamp::UNIX_EPOCH))
}

pub(super) fn clip(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

pub(super) fn clip_media(media: Media) -> Media {
    Media { mimetype: clip(&media.mimetype, MAX_NAME), filename: media.filename.map(|it| clip(&it, MAX_NAME)), ..media }
}

pub(super) fn clip_detail(detail: Detail) -> Detail {
    let short = |text: Option<String>| text.map(|it| clip(&it, MAX_BODY));
    match detail {
        Detail::Location { latitude, longitude, description, address, url } => Detail::Location {
            latitude,
            longitude,
            description: short(description),
            address: short(address),
            url: short(url),
        },
        Detail::Contact { vcards } => {
            Detail::Contact { vcards: vcards.iter().take(MAX_ITEMS).map(|it| clip(it, MAX_BODY)).collect() }
        }
        Detail::Poll { name, options, multiple } => Detail::Poll {
            name: clip(&name, MAX_BODY),
            options: options.iter().take(MAX_ITEMS).map(|it| clip(it, MAX_NAME)).collect(),
            multiple,
        },
        Detail::Status(post) => {
            Detail::Status(StatusPost { recipients: post.recipients.into_iter().take(MAX_ITEMS).collect(), ..post })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        for (text, kept) in [("", ""), ("äöü", "äöü"), ("äöüß", "äöü"), ("👍👍👍👍", "👍👍👍")]
        {
            assert_eq!(clip(text, 3), kept);
        }
    }

    #[test]
    fn a_time_that_cannot_be_is_moved_to_one_that_can() {
        let second = |it| Timestamp::from_second(it).unwrap();
        let now = second(1_700_000_000);
        for (at, kept) in [
            (second(1_600_000_000), second(1_600_000_000)),
            (Timestamp::MIN, Timestamp::UNIX_EPOCH),
            (Timestamp::MAX, second(1_700_000_000 + MAX_AHEAD_SECONDS)),
        ] {
            assert_eq!(plausible(at, now), kept);
        }
    }

    #[test]
    fn of_too_many_things_the_first_are_kept() {
        let many = || vec!["x".repeat(MAX_BODY + 1); MAX_ITEMS + 1];
        let Detail::Contact { vcards } = clip_detail(Detail::Contact { vcards: many() }) else { unreachable!() };
        assert_eq!((vcards.len(), vcards[0].len()), (MAX_ITEMS, MAX_BODY));
        let poll = Detail::Poll { name: "x".repeat(MAX_BODY + 1), options: many(), multiple: true };
        let Detail::Poll { name, options, .. } = clip_detail(poll) else { unreachable!() };
        assert_eq!((name.len(), options.len(), options[0].len()), (MAX_BODY, MAX_ITEMS, MAX_NAME));
    }
}
