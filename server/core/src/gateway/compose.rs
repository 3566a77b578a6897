//! From a request to the message that will be stored: its id minted, its file kept.

use std::collections::BTreeMap;

use openwa_model::{
    content::{
        ChoiceAction, Choices, Chosen, Detail, LinkPreview, Marks, Media, MessageKind, Outgoing, OutgoingContent,
        Quoted, StatusPost,
    },
    files::FileError,
    id::{MessageId, RowId},
    jid::{Jid, Server},
    login::Account,
    message::Message,
};

use super::{Gateway, Result, TemplateChoice, messages::canonical};
use crate::{
    error::GatewayError,
    link_preview::Previews,
    media_source::{Described, MediaSource},
    outbound,
    running::Running,
};

/// A message to be sent.
#[derive(Debug)]
pub struct SendRequest {
    /// Where to.
    pub chat: Jid,
    /// What.
    pub content: SendContent,
    /// The message of the same chat that it answers.
    pub quoted: Option<MessageId>,
    /// Who is mentioned in the text or caption.
    pub mentions: Vec<Jid>,
    /// What is said about it.
    pub marks: Marks,
    /// Set for a status: then `chat` is the status feed.
    pub status: Option<StatusPost>,
}

/// What a message to be sent carries.
#[derive(Debug)]
pub enum SendContent {
    /// Text.
    Text {
        /// The text.
        body: String,
        /// Which card it shows of a page it links to.
        preview: PreviewWish,
    },
    /// A template of the session, filled in.
    Template {
        /// Which.
        template: TemplateChoice,
        /// What to fill in.
        values: BTreeMap<String, String>,
        /// Which card it shows of a page it links to.
        preview: PreviewWish,
    },
    /// A file.
    Media {
        /// Image, video, audio, voice, document or sticker.
        kind: MessageKind,
        /// Where the file comes from.
        source: MediaSource,
        /// Its MIME type; found out where it is not said.
        mimetype: Option<String>,
        /// Its name.
        filename: Option<String>,
        /// The text below it.
        caption: Option<String>,
    },
    /// A place, a card, a poll and the like.
    Detailed {
        /// What people read of it, "" when there is no text.
        body: String,
        /// What it is.
        detail: Detail,
    },
    /// Buttons or a list.
    Choices {
        /// The text.
        body: String,
        /// What there is to choose from.
        choices: Choices,
        /// Whether a text with numbers goes out instead, which every app shows.
        as_text: bool,
    },
    /// A message of a chat once more.
    Forward {
        /// The chat it stands in.
        chat: Jid,
        /// The message.
        id: MessageId,
    },
    /// A button or a row of a list, pressed.
    Choice {
        /// The message with the buttons or the list, in the same chat.
        target: MessageId,
        /// The id of the choice.
        id: String,
        /// What stands on it; read off the message where it is not said.
        text: Option<String>,
    },
}

/// Which card a text shows of a page it links to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PreviewWish {
    /// What the page of its first link says about itself, if it has a link and the page answers in time.
    FromPage,
    /// None.
    Nothing,
    /// This one.
    Given(LinkPreview),
}

impl Gateway {
    /// The message as it will be stored.
    pub(super) async fn compose(&self, running: &Running, account: Account, request: SendRequest) -> Result<Message> {
        let session = running.id;
        let SendRequest { mut chat, content, quoted, mentions, mut marks, status } = request;
        let mut answered = None;
        if chat.server() == Server::Lid || quoted.is_some() {
            let mut view = self.view().await?;
            chat = canonical(&mut *view, session, &chat).await?;
            if let Some(id) = &quoted {
                let target = view.message(session, &chat, id).await?.ok_or(GatewayError::QuotedNotFound)?;
                answered = Some(quote(&target));
            }
        }
        if marks.mentions_everyone && !chat.is_group() {
            return Err(GatewayError::InvalidInput("Everyone can be mentioned in a group only".to_owned()));
        }
        let content = match content {
            SendContent::Text { body, preview } => self.text(body, preview).await,
            SendContent::Template { template, values, preview } => {
                let mut view = self.view().await?;
                let body = self.filled_in(&mut *view, session, template, &values).await?;
                drop(view);
                self.text(body, preview).await
            }
            SendContent::Media { kind, source, mimetype, filename, caption } => {
                let max_bytes = self.settings().media_max_bytes.min(running.capabilities.max_media_bytes);
                let intake = self.intake(max_bytes);
                let brought = intake.bring(source, Described { kind, mimetype, filename }).await?;
                let (brought, playback) = self.workshop().fit(kind, brought).await?;
                let media = intake.keep(brought).await?;
                OutgoingContent::Media { kind, media, caption, playback: playback.map(Box::new) }
            }
            SendContent::Detailed { body, detail } => OutgoingContent::Detailed { body, detail },
            SendContent::Choices { body, choices, as_text: true } => {
                OutgoingContent::Text { body: numbered(&body, &choices), preview: None }
            }
            SendContent::Choices { body, choices, as_text: false } => {
                OutgoingContent::Detailed { body, detail: Detail::Choices(choices) }
            }
            SendContent::Forward { chat, id } => {
                let original = self.message(session, &chat, &id).await?;
                marks = original.marks.forwarded();
                self.once_more(running, original).await?
            }
            SendContent::Choice { target, id, text } => {
                let original = self.message(session, &chat, &target).await?;
                answered = Some(quote(&original));
                choice(&original, id, text)?
            }
        };
        let now = self.now();
        let minter = &self.0.context.ports.minter;
        let id = minter.message_id();
        let outgoing = Outgoing { id, chat, content, quoted: answered, mentions, marks, status };
        Ok(outbound::pending(RowId(minter.uuid(now)), session, account, outgoing, now))
    }

    async fn text(&self, body: String, preview: PreviewWish) -> OutgoingContent {
        let preview = match preview {
            PreviewWish::Nothing => None,
            PreviewWish::Given(preview) => Some(preview),
            PreviewWish::FromPage => {
                let context = &self.0.context;
                let previews = Previews {
                    client: &context.clients.pages,
                    network: &context.settings.network,
                    pictures: &context.pictures,
                    within: context.settings.link_preview_timeout,
                };
                previews.of(&body).await
            }
        };
        OutgoingContent::Text { body, preview }
    }

    /// What a message carried, to be sent again to others.
    async fn once_more(&self, running: &Running, original: Message) -> Result<OutgoingContent> {
        let cannot = |why: &str| Err(GatewayError::InvalidInput(why.to_owned()));
        if original.marks.is_view_once {
            return cannot("A message that can be opened once cannot be forwarded");
        }
        if original.media.is_some() {
            let media = self.copy_of(running, &original).await?;
            let caption = Some(original.body).filter(|it| !it.is_empty());
            return Ok(OutgoingContent::Media { kind: original.kind, media, caption, playback: None });
        }
        let Message { kind, body, detail, .. } = original;
        match detail {
            Some(Detail::Poll { name, options, multiple, .. }) => {
                let detail = Detail::Poll { name, options, multiple, votes: Vec::new() };
                Ok(OutgoingContent::Detailed { body, detail })
            }
            Some(Detail::Event(mut appointment)) => {
                appointment.responses.clear();
                Ok(OutgoingContent::Detailed { body, detail: Detail::Event(appointment) })
            }
            Some(detail @ (Detail::Location { .. } | Detail::Contact { .. } | Detail::Product(_))) => {
                Ok(OutgoingContent::Detailed { body, detail })
            }
            // Buttons belong to whoever wrote them, and a status is none in a chat; what people read goes on.
            Some(Detail::Choices(_) | Detail::Chosen(_) | Detail::Status(_)) | None if kind == MessageKind::Text => {
                Ok(OutgoingContent::Text { body, preview: None })
            }
            _ => cannot(&format!("A message of type {} cannot be forwarded", kind.name())),
        }
    }

    /// The file of a message for another message. Each has its own, so that one can be deleted without the other.
    async fn copy_of(&self, running: &Running, original: &Message) -> Result<Media> {
        let files = &self.0.context.ports.files;
        // Fetched from WhatsApp where there is no copy here yet.
        let (media, path) = self.message_media(running.id, &original.chat, &original.id).await?;
        if media.size_bytes.is_some_and(|it| it > running.capabilities.max_media_bytes) {
            return Err(GatewayError::MediaTooLarge { max: running.capabilities.max_media_bytes });
        }
        let spooled = files.spool().await?;
        if let Err(error) = tokio::fs::copy(&path, &spooled).await {
            // What was written of it is of no use; that it may never have been made is fine.
            _ = tokio::fs::remove_file(&spooled).await;
            return Err(FileError::Io(error).into());
        }
        Ok(Media { file: Some(files.keep(spooled).await?), remote: None, ..media })
    }
}

fn quote(message: &Message) -> Quoted {
    Quoted { id: message.id.clone(), sender: message.sender.clone(), body: message.body.clone() }
}

/// Buttons or a list as a text that every app shows.
fn numbered(body: &str, choices: &Choices) -> String {
    let mut paragraphs: Vec<String> = choices.header.iter().cloned().chain([body.to_owned()]).collect();
    let mut number = 0;
    for section in &choices.sections {
        let mut lines: Vec<String> = section.title.iter().filter(|it| !it.is_empty()).cloned().collect();
        for choice in &section.choices {
            number += 1;
            let more = match (&choice.action, &choice.description) {
                (Some(ChoiceAction::Url(it) | ChoiceAction::Call(it) | ChoiceAction::Copy(it)), _) => format!(": {it}"),
                (None, Some(it)) if !it.is_empty() => format!(" - {it}"),
                (None, _) => String::new(),
            };
            lines.push(format!("{number}. {}{more}", choice.text));
        }
        paragraphs.push(lines.join("\n"));
    }
    paragraphs.extend(choices.footer.iter().cloned());
    paragraphs.retain(|it| !it.is_empty());
    paragraphs.join("\n\n")
}

/// The answer that pressing a button or a row of a list gives.
fn choice(original: &Message, id: String, text: Option<String>) -> Result<OutgoingContent> {
    let invalid = |why: String| GatewayError::InvalidInput(why);
    let Some(Detail::Choices(choices)) = &original.detail else {
        return Err(invalid("The message has neither buttons nor a list".to_owned()));
    };
    let answering = || choices.sections.iter().flat_map(|it| &it.choices).filter(|it| it.action.is_none());
    let Some(choice) = answering().find(|it| it.id == id) else {
        let ids: Vec<_> = answering().map(|it| it.id.as_str()).collect();
        return Err(invalid(format!("The message has no button '{id}'; it has: {}", ids.join(", "))));
    };
    let text = text.unwrap_or_else(|| choice.text.clone());
    let detail = Detail::Chosen(Chosen { form: choices.form, id, text: text.clone() });
    Ok(OutgoingContent::Detailed { body: text, detail })
}

#[cfg(test)]
mod tests {
    use openwa_model::content::{Choice, ChoiceForm, ChoiceSection};

    use super::*;

    #[test]
    fn what_cannot_be_pressed_can_be_numbered() {
        let choice = |text: &str, description: Option<&str>, action| Choice {
            id: text.to_owned(),
            text: text.to_owned(),
            description: description.map(str::to_owned),
            action,
        };
        let page = ChoiceAction::Url("https://example.org/".to_owned());
        let choices = Choices {
            form: ChoiceForm::Interactive,
            header: Some("The shop".to_owned()),
            footer: None,
            opener: Some("Show".to_owned()),
            sections: vec![
                ChoiceSection { title: Some("Tea".to_owned()), choices: vec![choice("Green", Some("loose"), None)] },
                ChoiceSection { title: None, choices: vec![choice("Site", None, Some(page))] },
            ],
        };
        let text = "The shop\n\nPick one\n\nTea\n1. Green - loose\n\n2. Site: https://example.org/";
        assert_eq!(numbered("Pick one", &choices), text);
    }
}
