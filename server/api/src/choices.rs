//! Buttons and lists: sending them with an honest word about what becomes of them, and pressing them.

use openwa_core::{Gateway, gateway::SendContent};
use openwa_model::content::{Choice, ChoiceAction, ChoiceForm, ChoiceSection, Choices, Marks};
use poem_openapi::{Enum, Object, OpenApi, param::Path};
use serde::Serialize;

use crate::{
    answer::{Accepted, AcceptedAs, Answer, Once},
    app::Tag,
    auth::{Caller, OneChat, Operator},
    error::ApiError,
    input::Body,
    sends::{Draft, send},
    wire::{SessionPath, message_id},
};

pub(crate) struct Choosing(pub(crate) Gateway);

/// What a button does.
#[derive(Enum, Clone, Copy, PartialEq, Debug)]
#[oai(rename = "ButtonType", rename_all = "lowercase")]
pub(crate) enum ButtonType {
    /// It answers.
    Reply,
    /// It opens a page.
    Url,
    /// It calls a number.
    Call,
    /// It copies a code.
    Copy,
}

fn reply() -> ButtonType {
    ButtonType::Reply
}

/// A button.
#[derive(Object)]
#[oai(rename = "SendButton", rename_all = "camelCase")]
pub(crate) struct Button {
    /// What it does; `reply` when absent.
    #[oai(rename = "type", default = "reply")]
    kind: ButtonType,
    /// What stands on it.
    #[oai(validator(min_length = 1, max_length = 40))]
    text: String,
    /// What an answer names it by; its text when absent.
    #[oai(validator(min_length = 1, max_length = 256))]
    id: Option<String>,
    /// The page, for `url`.
    #[oai(validator(max_length = 2048))]
    url: Option<String>,
    /// The number, for `call`.
    #[oai(validator(max_length = 32))]
    phone_number: Option<String>,
    /// The code, for `copy`.
    #[oai(validator(max_length = 256))]
    copy_code: Option<String>,
}

/// A text with buttons to send.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendButtons {
    /// The chat: `<number>@c.us`, `<id>@lid` or `<id>@g.us`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The line above the text.
    #[oai(validator(max_length = 255))]
    header: Option<String>,
    /// The text.
    #[oai(validator(min_length = 1, max_length = 1024))]
    body: String,
    /// The line below the text.
    #[oai(validator(max_length = 255))]
    footer: Option<String>,
    /// The buttons.
    #[oai(validator(min_items = 1, max_items = 10))]
    buttons: Vec<Button>,
    /// Whether a text with numbers is sent instead, which every app shows.
    #[oai(default)]
    fallback: bool,
    /// The message of the same chat that this answers.
    #[oai(validator(min_length = 1))]
    quoted_message_id: Option<String>,
}

/// A row of a list.
#[derive(Object)]
#[oai(rename = "SendListRow", rename_all = "camelCase")]
pub(crate) struct Row {
    /// What an answer names it by; its title when absent.
    #[oai(validator(min_length = 1, max_length = 256))]
    row_id: Option<String>,
    /// What stands in it.
    #[oai(validator(min_length = 1, max_length = 60))]
    title: String,
    /// What stands below that.
    #[oai(validator(max_length = 255))]
    description: Option<String>,
}

/// Rows that belong together.
#[derive(Object)]
#[oai(rename = "SendListSection", rename_all = "camelCase")]
pub(crate) struct Section {
    /// What stands above them.
    #[oai(validator(max_length = 60))]
    title: Option<String>,
    /// The rows.
    #[oai(validator(min_items = 1, max_items = 20))]
    rows: Vec<Row>,
}

/// A text with a list to choose from.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendList {
    /// The chat: `<number>@c.us`, `<id>@lid` or `<id>@g.us`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The line above the text.
    #[oai(validator(max_length = 255))]
    header: Option<String>,
    /// The text.
    #[oai(validator(min_length = 1, max_length = 1024))]
    body: String,
    /// The line below the text.
    #[oai(validator(max_length = 255))]
    footer: Option<String>,
    /// What stands on the button that opens the list.
    #[oai(validator(min_length = 1, max_length = 40))]
    button: String,
    /// The list.
    #[oai(validator(min_items = 1, max_items = 10))]
    sections: Vec<Section>,
    /// Whether a text with numbers is sent instead, which every app shows.
    #[oai(default)]
    fallback: bool,
    /// The message of the same chat that this answers.
    #[oai(validator(min_length = 1))]
    quoted_message_id: Option<String>,
}

/// A button or a row of a list to press.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ClickButton {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The message with the buttons or the list.
    #[oai(validator(min_length = 1))]
    message_id: String,
    /// The `id` of the button or the row.
    #[oai(validator(min_length = 1, max_length = 256))]
    button_id: String,
    /// What stands on it; read off the message when absent.
    #[oai(validator(min_length = 1, max_length = 1024))]
    text: Option<String>,
}

/// As what a message went out.
#[derive(Enum, Clone, Copy, PartialEq, Debug, Serialize)]
#[oai(rename = "ChoicesSentAs", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(crate) enum SentAs {
    /// As buttons.
    Buttons,
    /// As a list.
    List,
    /// As a text with numbers.
    Text,
}

/// Buttons or a list that were accepted.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct SentChoices {
    /// WhatsApp's id of the message.
    message_id: String,
    /// When it was accepted, in seconds.
    timestamp: i64,
    /// As what it went out.
    sent_as: SentAs,
    /// Whether every app shows it as it was sent.
    shown_everywhere: bool,
    /// What the recipient will see.
    recipient_sees: String,
}

const SEEN_AS_TEXT: &str =
    "A text with numbered lines. An answer comes as a text of the recipient's own, such as \"2\".";
const SEEN_AS_BUTTONS: &str = "Buttons or the list in those WhatsApp apps that show them from accounts which are not \
    on WhatsApp's business platform; that is WhatsApp's choice and changes without notice. Other apps show the text \
    alone, or a line that the message cannot be shown. Send with fallback: true to be sure.";

impl Choosing {
    async fn send(
        &self,
        caller: &Caller<Operator, OneChat>,
        session: Path<SessionPath>,
        offer: Offer,
        key: Option<openwa_core::gateway::IdempotencyKey>,
    ) -> Answer<AcceptedAs<SentChoices>> {
        let Offer { chat_id, body, choices, fallback, quoted_message_id } = offer;
        unique(&choices)?;
        let sent_as = match (fallback, &choices.opener) {
            (true, _) => SentAs::Text,
            (false, Some(_)) => SentAs::List,
            (false, None) => SentAs::Buttons,
        };
        let content = SendContent::Choices { body, choices, as_text: fallback };
        let draft = Draft { chat_id, content, quoted_message_id, mentions: None, marks: Marks::default() };
        let outcome = send(&self.0, caller, session.0.id()?, draft, key).await?;
        let body = SentChoices {
            message_id: outcome.id.to_string(),
            timestamp: outcome.timestamp.as_second(),
            sent_as,
            shown_everywhere: fallback,
            recipient_sees: if fallback { SEEN_AS_TEXT } else { SEEN_AS_BUTTONS }.to_owned(),
        };
        Ok(AcceptedAs { replayed: outcome.replayed, body })
    }
}

/// Buttons or a list, as either route asks for them.
struct Offer {
    chat_id: String,
    body: String,
    choices: Choices,
    fallback: bool,
    quoted_message_id: Option<String>,
}

/// An answer has to say which button it means.
fn unique(choices: &Choices) -> Answer<()> {
    let ids: Vec<_> = choices.sections.iter().flat_map(|it| &it.choices).map(|it| &it.id).collect();
    match ids.iter().enumerate().find(|(index, id)| ids[..*index].contains(*id)) {
        Some((_, id)) => Err(ApiError::invalid(format!("The id '{id}' is there twice; each must be its own"))),
        None => Ok(()),
    }
}

fn button(button: Button) -> Answer<Choice> {
    let Button { kind, text, id, url, phone_number, copy_code } = button;
    let needed = |name: &str, value: Option<String>| {
        let value = value.filter(|it| !it.is_empty());
        value.ok_or_else(|| ApiError::invalid(format!("The button '{text}' needs {name}")))
    };
    let action = match kind {
        ButtonType::Reply => None,
        ButtonType::Url => {
            let url = needed("url", url)?;
            if !url.starts_with("https://") && !url.starts_with("http://") {
                return Err(ApiError::invalid("url must begin with http:// or https://"));
            }
            Some(ChoiceAction::Url(url))
        }
        ButtonType::Call => Some(ChoiceAction::Call(needed("phoneNumber", phone_number)?)),
        ButtonType::Copy => Some(ChoiceAction::Copy(needed("copyCode", copy_code)?)),
    };
    Ok(Choice { id: id.unwrap_or_else(|| text.clone()), text, description: None, action })
}

fn row(row: Row) -> Choice {
    let Row { row_id, title, description } = row;
    Choice { id: row_id.unwrap_or_else(|| title.clone()), text: title, description, action: None }
}

#[OpenApi]
impl Choosing {
    /// Send buttons
    ///
    /// WhatsApp shows buttons of ordinary accounts in some of its apps only; the answer says what the recipient will
    /// see. With `fallback` a text with numbers goes out instead. A pressed button comes as a message with `button`.
    #[oai(
        path = "/sessions/:sessionId/messages/send-buttons",
        method = "post",
        operation_id = "sendButtons",
        tag = "Tag::Messages"
    )]
    async fn send_buttons(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendButtons>,
    ) -> Answer<AcceptedAs<SentChoices>> {
        let key = once.with(&body);
        let SendButtons { chat_id, header, body, footer, buttons, fallback, quoted_message_id } = body.value;
        let choices = buttons.into_iter().map(button).collect::<Answer<Vec<_>>>()?;
        let sections = vec![ChoiceSection { title: None, choices }];
        let choices = Choices { form: ChoiceForm::Interactive, header, footer, opener: None, sections };
        self.send(&caller, session, Offer { chat_id, body, choices, fallback, quoted_message_id }, key).await
    }

    /// Send a list
    ///
    /// WhatsApp shows lists of ordinary accounts in some of its apps only; the answer says what the recipient will
    /// see. With `fallback` a text with numbers goes out instead. A chosen row comes as a message with `button`.
    #[oai(
        path = "/sessions/:sessionId/messages/send-list",
        method = "post",
        operation_id = "sendList",
        tag = "Tag::Messages"
    )]
    async fn send_list(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendList>,
    ) -> Answer<AcceptedAs<SentChoices>> {
        let key = once.with(&body);
        let SendList { chat_id, header, body, footer, button, sections, fallback, quoted_message_id } = body.value;
        let sections = sections.into_iter();
        let sections =
            sections.map(|it| ChoiceSection { title: it.title, choices: it.rows.into_iter().map(row).collect() });
        let (opener, sections) = (Some(button), sections.collect());
        let choices = Choices { form: ChoiceForm::Interactive, header, footer, opener, sections };
        self.send(&caller, session, Offer { chat_id, body, choices, fallback, quoted_message_id }, key).await
    }

    /// Press a button
    ///
    /// Answers a message that came with buttons or a list, the way WhatsApp's own apps do.
    #[oai(
        path = "/sessions/:sessionId/messages/click-button",
        method = "post",
        operation_id = "clickButton",
        tag = "Tag::Messages"
    )]
    async fn click_button(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<ClickButton>,
    ) -> Answer<Accepted> {
        let key = once.with(&body);
        let ClickButton { chat_id, message_id: id, button_id, text } = body.value;
        let content = SendContent::Choice { target: message_id("messageId", &id)?, id: button_id, text };
        let draft = Draft { chat_id, content, quoted_message_id: None, mentions: None, marks: Marks::default() };
        Ok(Accepted(send(&self.0, &caller, session.0.id()?, draft, key).await?))
    }
}
