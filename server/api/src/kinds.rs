//! Sending what is neither text nor file: places, cards, polls, events, products, and what was sent before.

use openwa_core::{Gateway, gateway::SendContent};
use openwa_model::{
    Timestamp,
    content::{Appointment, AppointmentPlace, Detail, EventResponse, Marks, Product},
};
use poem_openapi::{Enum, Object, OpenApi, param::Path};
use serde::Serialize;

use crate::{
    answer::{Accepted, AcceptedAs, Answer, Once, Shown},
    app::Tag,
    auth::{Caller, OneChat, Operator},
    error::ApiError,
    input::Body,
    sends::{Draft, send},
    wire::{SessionPath, Success, chat_of, message_id},
};

pub(crate) struct Kinds(pub(crate) Gateway);

/// A place to send.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendLocation {
    /// The chat: `<number>@c.us`, `<id>@lid`, `<id>@g.us` or `<id>@newsletter`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// Degrees north.
    #[oai(validator(minimum(value = "-90"), maximum(value = "90")))]
    latitude: f64,
    /// Degrees east.
    #[oai(validator(minimum(value = "-180"), maximum(value = "180")))]
    longitude: f64,
    /// The name of the place.
    #[oai(validator(max_length = 1024))]
    description: Option<String>,
    /// Its address.
    #[oai(validator(max_length = 1024))]
    address: Option<String>,
    /// The message of the same chat that this answers.
    #[oai(validator(min_length = 1))]
    quoted_message_id: Option<String>,
}

/// A contact card to send.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendContact {
    /// The chat: `<number>@c.us`, `<id>@lid`, `<id>@g.us` or `<id>@newsletter`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The person's name.
    #[oai(validator(min_length = 1, max_length = 255))]
    contact_name: String,
    /// The person's phone number with its country code; blanks, dashes and a plus sign do no harm.
    #[oai(validator(min_length = 1, max_length = 32))]
    contact_number: String,
    /// The message of the same chat that this answers.
    #[oai(validator(min_length = 1))]
    quoted_message_id: Option<String>,
}

/// A poll to send.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendPoll {
    /// The chat: `<number>@c.us`, `<id>@lid`, `<id>@g.us` or `<id>@newsletter`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The question.
    #[oai(validator(min_length = 1, max_length = 255))]
    name: String,
    /// The answers to choose from, at most 100 characters each.
    #[oai(validator(min_items = 2, max_items = 12))]
    options: Vec<String>,
    /// Whether several may be chosen.
    #[oai(default)]
    allow_multiple_answers: bool,
    /// The message of the same chat that this answers.
    #[oai(validator(min_length = 1))]
    quoted_message_id: Option<String>,
}

/// A vote in a poll.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct VotePoll {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The message with the poll.
    #[oai(validator(min_length = 1))]
    poll_message_id: String,
    /// The texts of the chosen options; none takes the vote back.
    #[oai(validator(max_items = 12))]
    options: Vec<String>,
}

/// An event to send: people can say whether they come.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendEvent {
    /// The chat: `<number>@c.us`, `<id>@lid` or `<id>@g.us`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// What it is called.
    #[oai(validator(min_length = 1, max_length = 255))]
    name: String,
    /// What it is about.
    #[oai(validator(max_length = 2048))]
    description: Option<String>,
    /// When it begins, in seconds since 1970.
    #[oai(validator(minimum(value = "0"), maximum(value = "253402300799")))]
    start_time: i64,
    /// When it ends, in seconds since 1970.
    #[oai(validator(minimum(value = "0"), maximum(value = "253402300799")))]
    end_time: Option<i64>,
    /// Where it is.
    location: Option<EventLocation>,
    /// A link to a call to join.
    #[oai(validator(max_length = 2048))]
    join_link: Option<String>,
    /// Whether people may bring others along.
    #[oai(default)]
    extra_guests_allowed: bool,
    /// The message of the same chat that this answers.
    #[oai(validator(min_length = 1))]
    quoted_message_id: Option<String>,
}

/// Where an event is.
#[derive(Object, Serialize, PartialEq)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventLocation {
    /// Its name or address.
    #[oai(validator(max_length = 1024))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Degrees north.
    #[oai(validator(minimum(value = "-90"), maximum(value = "90")))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latitude: Option<f64>,
    /// Degrees east.
    #[oai(validator(minimum(value = "-180"), maximum(value = "180")))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) longitude: Option<f64>,
}

/// What one can say to an event.
#[derive(Enum, Clone, Copy, PartialEq, Debug, Serialize)]
#[oai(rename = "EventAnswer", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventAnswer {
    /// I come.
    Going,
    /// I do not.
    NotGoing,
    /// I may.
    Maybe,
}

impl From<EventAnswer> for EventResponse {
    fn from(answer: EventAnswer) -> Self {
        match answer {
            EventAnswer::Going => Self::Going,
            EventAnswer::NotGoing => Self::NotGoing,
            EventAnswer::Maybe => Self::Maybe,
        }
    }
}

impl From<EventResponse> for EventAnswer {
    fn from(response: EventResponse) -> Self {
        match response {
            EventResponse::Going => Self::Going,
            EventResponse::NotGoing => Self::NotGoing,
            EventResponse::Maybe => Self::Maybe,
        }
    }
}

/// An answer to an event.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct RespondToEvent {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The message with the event.
    #[oai(validator(min_length = 1))]
    message_id: String,
    /// What is said.
    response: EventAnswer,
    /// How many people are brought along, where the event permits it.
    #[oai(default, validator(maximum(value = "100")))]
    extra_guests: u32,
}

/// A message to forward.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ForwardMessage {
    /// The chat it stands in.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    from_chat_id: String,
    /// The chat it goes to.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    to_chat_id: String,
    /// The message.
    #[oai(validator(min_length = 1))]
    message_id: String,
}

/// A product of one's own catalogue to send.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendProduct {
    /// The chat: `<number>@c.us`, `<id>@lid` or `<id>@g.us`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The product's id in the catalogue of this account.
    #[oai(validator(min_length = 1, max_length = 255))]
    product_id: String,
    /// The text below it.
    #[oai(validator(max_length = 4096))]
    body: Option<String>,
}

/// A product that was accepted.
#[derive(Object, Serialize)]
pub(crate) struct SentProduct {
    /// WhatsApp's id of the message.
    id: String,
    /// When it was accepted, in seconds.
    timestamp: i64,
}

impl Kinds {
    async fn send(
        &self,
        caller: &Caller<Operator, OneChat>,
        session: Path<SessionPath>,
        draft: Draft,
        key: Option<openwa_core::gateway::IdempotencyKey>,
    ) -> Answer<Accepted> {
        Ok(Accepted(send(&self.0, caller, session.0.id()?, draft, key).await?))
    }
}

/// A message without mentions that says this.
fn plainly(chat_id: String, body: String, detail: Detail, quoted_message_id: Option<String>) -> Draft {
    let content = SendContent::Detailed { body, detail };
    Draft { chat_id, content, quoted_message_id, mentions: None, marks: Marks::default() }
}

#[OpenApi]
impl Kinds {
    /// Send a place
    ///
    /// It is shown on a map, with its name and address where they are given.
    #[oai(
        path = "/sessions/:sessionId/messages/send-location",
        method = "post",
        operation_id = "sendLocation",
        tag = "Tag::Messages"
    )]
    async fn send_location(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendLocation>,
    ) -> Answer<Accepted> {
        let key = once.with(&body);
        let SendLocation { chat_id, latitude, longitude, description, address, quoted_message_id } = body.value;
        let text = description.clone().unwrap_or_default();
        let detail = Detail::Location { latitude, longitude, description, address, url: None };
        self.send(&caller, session, plainly(chat_id, text, detail, quoted_message_id), key).await
    }

    /// Send a contact card
    ///
    /// The recipient can write to the person or save the number.
    #[oai(
        path = "/sessions/:sessionId/messages/send-contact",
        method = "post",
        operation_id = "sendContact",
        tag = "Tag::Messages"
    )]
    async fn send_contact(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendContact>,
    ) -> Answer<Accepted> {
        let key = once.with(&body);
        let SendContact { chat_id, contact_name, contact_number, quoted_message_id } = body.value;
        let vcards = vec![vcard(&contact_name, &contact_number)?];
        let draft = plainly(chat_id, contact_name, Detail::Contact { vcards }, quoted_message_id);
        self.send(&caller, session, draft, key).await
    }

    /// Send a poll
    ///
    /// Votes are told by `poll.vote` events, as the texts of the options, and are kept with the poll's message.
    #[oai(
        path = "/sessions/:sessionId/messages/send-poll",
        method = "post",
        operation_id = "sendPoll",
        tag = "Tag::Messages"
    )]
    async fn send_poll(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendPoll>,
    ) -> Answer<Accepted> {
        let key = once.with(&body);
        let SendPoll { chat_id, name, options, allow_multiple_answers: multiple, quoted_message_id } = body.value;
        if options.iter().any(|it| it.trim().is_empty() || it.chars().nth(LONGEST_OPTION).is_some()) {
            let sentence = format!("each value in options must have 1 to {LONGEST_OPTION} characters");
            return Err(ApiError::invalid(sentence));
        }
        if options.iter().enumerate().any(|(index, it)| options[..index].contains(it)) {
            return Err(ApiError::invalid("All options's elements must be unique"));
        }
        let detail = Detail::Poll { name: name.clone(), options, multiple, votes: Vec::new() };
        self.send(&caller, session, plainly(chat_id, name, detail, quoted_message_id), key).await
    }

    /// Vote in a poll
    ///
    /// By the texts of the options. A later vote replaces an earlier one; no options take it back.
    #[oai(
        path = "/sessions/:sessionId/messages/vote-poll",
        method = "post",
        operation_id = "votePoll",
        tag = "Tag::Messages"
    )]
    async fn vote_poll(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<VotePoll>,
    ) -> Answer<Shown<Success>> {
        let VotePoll { chat_id, poll_message_id, options } = body.value;
        let (session, chat) = (session.0.id()?, chat_of(&chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let id = message_id("pollMessageId", &poll_message_id)?;
        self.0.vote_poll(session, &chat, &id, &options).await?;
        Ok(Shown(Success::DONE))
    }

    /// Send an event
    ///
    /// People can say whether they come: that is told by `event.response` events and kept with the message.
    #[oai(
        path = "/sessions/:sessionId/messages/send-event",
        method = "post",
        operation_id = "sendEvent",
        tag = "Tag::Messages"
    )]
    async fn send_event(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendEvent>,
    ) -> Answer<Accepted> {
        let key = once.with(&body);
        let event = body.value;
        if event.end_time.is_some_and(|it| it < event.start_time) {
            return Err(ApiError::invalid("endTime must not be before startTime"));
        }
        let place = event.location.map(|it| AppointmentPlace { name: it.name, degrees: it.latitude.zip(it.longitude) });
        let detail = Detail::Event(Appointment {
            name: event.name.clone(),
            description: event.description,
            starts_at: Some(moment("startTime", event.start_time)?),
            ends_at: event.end_time.map(|it| moment("endTime", it)).transpose()?,
            place: place.filter(|it| it.name.is_some() || it.degrees.is_some()),
            join_link: event.join_link,
            takes_guests: event.extra_guests_allowed,
            is_canceled: false,
            responses: Vec::new(),
        });
        let draft = plainly(event.chat_id, event.name, detail, event.quoted_message_id);
        self.send(&caller, session, draft, key).await
    }

    /// Answer an event
    ///
    /// Says whether this account comes. A later answer replaces an earlier one.
    #[oai(
        path = "/sessions/:sessionId/messages/respond-event",
        method = "post",
        operation_id = "respondToEvent",
        tag = "Tag::Messages"
    )]
    async fn respond_to_event(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<RespondToEvent>,
    ) -> Answer<Shown<Success>> {
        let RespondToEvent { chat_id, message_id: id, response, extra_guests } = body.value;
        let (session, chat) = (session.0.id()?, chat_of(&chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let id = message_id("messageId", &id)?;
        self.0.respond_to_event(session, &chat, &id, response.into(), extra_guests).await?;
        Ok(Shown(Success::DONE))
    }

    /// Forward a message
    ///
    /// What it carried goes to another chat, marked as forwarded and counted the way WhatsApp's own apps do.
    #[oai(
        path = "/sessions/:sessionId/messages/forward",
        method = "post",
        operation_id = "forwardMessage",
        tag = "Tag::Messages"
    )]
    async fn forward(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<ForwardMessage>,
    ) -> Answer<Accepted> {
        let key = once.with(&body);
        let ForwardMessage { from_chat_id, to_chat_id: chat_id, message_id: id } = body.value;
        let chat = chat_of(&from_chat_id)?;
        caller.may_use(&self.0, session.0.id()?, &chat).await?;
        let content = SendContent::Forward { chat, id: message_id("messageId", &id)? };
        let draft = Draft { chat_id, content, quoted_message_id: None, mentions: None, marks: Marks::default() };
        self.send(&caller, session, draft, key).await
    }

    /// Send a product
    ///
    /// A product of this account's own catalogue, by its id. The recipient's app fetches what the catalogue says of it.
    #[oai(
        path = "/sessions/:sessionId/messages/send-product",
        method = "post",
        operation_id = "sendProduct",
        tag = "Tag::Messages"
    )]
    async fn send_product(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendProduct>,
    ) -> Answer<AcceptedAs<SentProduct>> {
        let key = once.with(&body);
        let SendProduct { chat_id, product_id, body } = body.value;
        let session = session.0.id()?;
        let owner = self.0.session(session).await?.session.account.map(|it| it.phone);
        let detail = Detail::Product(Product {
            id: product_id,
            owner,
            title: None,
            description: None,
            currency: None,
            price_thousandths: None,
            url: None,
        });
        let draft = plainly(chat_id, body.unwrap_or_default(), detail, None);
        let outcome = send(&self.0, &caller, session, draft, key).await?;
        let body = SentProduct { id: outcome.id.to_string(), timestamp: outcome.timestamp.as_second() };
        Ok(AcceptedAs { replayed: outcome.replayed, body })
    }
}

/// The longest option of a poll, in characters.
const LONGEST_OPTION: usize = 100;

fn moment(name: &str, seconds: i64) -> Answer<Timestamp> {
    Timestamp::from_second(seconds).map_err(|_| ApiError::invalid(format!("{name} is out of range")))
}

/// A card in the form that WhatsApp's own apps write.
fn vcard(name: &str, number: &str) -> Answer<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let is_number = number.chars().all(|it| it.is_ascii_digit() || " +-()./".contains(it));
    if !is_number || !(5..=15).contains(&digits.len()) {
        return Err(ApiError::invalid("contactNumber must be a phone number with its country code"));
    }
    let mut escaped = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    Ok(format!(
        "BEGIN:VCARD\nVERSION:3.0\nN:;{escaped};;;\nFN:{escaped}\nTEL;type=CELL;type=VOICE;waid={digits}:+{digits}\nEND:VCARD"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_its_card() {
        let card = vcard("Ada; \nEND:VCARD", "+1 (555) 000-0001").unwrap();
        assert_eq!(card.lines().count(), 6, "{card}");
        assert!(card.contains("FN:Ada\\; \\nEND:VCARD\n"), "{card}");
        assert!(card.contains("waid=15550000001:+15550000001"), "{card}");
        for bad in ["", "ada", "123", "+1 555 call me", "1234567890123456"] {
            assert!(vcard("Ada", bad).is_err(), "{bad}");
        }
    }
}
