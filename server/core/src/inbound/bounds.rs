//! How much of what comes from outside is kept.

use jiff::SignedDuration;
use openwa_model::{
    Timestamp,
    content::{
        Appointment, AppointmentPlace, Choice, ChoiceAction, ChoiceSection, Choices, Chosen, Detail, Media, Product,
        StatusPost,
    },
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
        Detail::Poll { name, options, multiple, .. } => Detail::Poll {
            name: clip(&name, MAX_BODY),
            options: options.iter().take(MAX_ITEMS).map(|it| clip(it, MAX_NAME)).collect(),
            multiple,
            votes: Vec::new(),
        },
        Detail::Event(it) => Detail::Event(Appointment {
            name: clip(&it.name, MAX_BODY),
            description: short(it.description),
            place: it.place.map(|it| AppointmentPlace { name: short(it.name), ..it }),
            join_link: short(it.join_link),
            responses: Vec::new(),
            ..it
        }),
        Detail::Choices(it) => Detail::Choices(clip_choices(it)),
        Detail::Chosen(it) => {
            Detail::Chosen(Chosen { id: clip(&it.id, MAX_BODY), text: clip(&it.text, MAX_BODY), ..it })
        }
        Detail::Product(it) => Detail::Product(Product {
            id: clip(&it.id, MAX_NAME),
            title: short(it.title),
            description: short(it.description),
            currency: it.currency.map(|it| clip(&it, MAX_NAME)),
            url: short(it.url),
            ..it
        }),
        Detail::Order { id, token } => Detail::Order { id: clip(&id, MAX_NAME), token: short(token) },
        Detail::Call { video, missed } => Detail::Call { video, missed },
        Detail::Status(post) => {
            Detail::Status(StatusPost { recipients: post.recipients.into_iter().take(MAX_ITEMS).collect(), ..post })
        }
    }
}

fn clip_choices(choices: Choices) -> Choices {
    let short = |text: Option<String>| text.map(|it| clip(&it, MAX_BODY));
    let mut room = MAX_ITEMS;
    let mut sections = Vec::new();
    for section in choices.sections {
        if room == 0 {
            break;
        }
        let kept: Vec<_> = section.choices.into_iter().take(room).map(clip_choice).collect();
        room -= kept.len();
        sections.push(ChoiceSection { title: short(section.title), choices: kept });
    }
    sections.truncate(MAX_ITEMS);
    Choices {
        form: choices.form,
        header: short(choices.header),
        footer: short(choices.footer),
        opener: short(choices.opener),
        sections,
    }
}

fn clip_choice(choice: Choice) -> Choice {
    let action = choice.action.map(|it| match it {
        ChoiceAction::Url(it) => ChoiceAction::Url(clip(&it, MAX_BODY)),
        ChoiceAction::Call(it) => ChoiceAction::Call(clip(&it, MAX_NAME)),
        ChoiceAction::Copy(it) => ChoiceAction::Copy(clip(&it, MAX_BODY)),
    });
    Choice {
        id: clip(&choice.id, MAX_BODY),
        text: clip(&choice.text, MAX_BODY),
        description: choice.description.map(|it| clip(&it, MAX_BODY)),
        action,
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
        let poll = Detail::Poll { name: "x".repeat(MAX_BODY + 1), options: many(), multiple: true, votes: vec![] };
        let Detail::Poll { name, options, .. } = clip_detail(poll) else { unreachable!() };
        assert_eq!((name.len(), options.len(), options[0].len()), (MAX_BODY, MAX_ITEMS, MAX_NAME));
        let choice = |it: String| Choice { id: it.clone(), text: it, description: None, action: None };
        let section = || ChoiceSection { title: None, choices: many().into_iter().map(choice).collect() };
        let list = Choices {
            form: openwa_model::content::ChoiceForm::List,
            header: None,
            footer: None,
            opener: None,
            sections: vec![section(), section()],
        };
        let Detail::Choices(list) = clip_detail(Detail::Choices(list)) else { unreachable!() };
        let kept: Vec<_> = list.sections.iter().flat_map(|it| &it.choices).collect();
        assert_eq!((kept.len(), kept[0].text.len()), (MAX_ITEMS, MAX_BODY));
    }
}
