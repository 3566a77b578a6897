//! What a status has beside what any message has: a colour behind it, and a font.

use buffa::{Enumeration as _, MessageField};
use openwa_model::content::StatusPost;
use whatsapp_rust::waproto::whatsapp::{
    self as wa,
    message::{self as inner, extended_text_message::FontType},
};

/// What WhatsApp shows a text on when nothing is said.
const GREEN: u32 = 0xFF1E_6E4F;

/// The message with its colour and font. Pictures and videos have neither.
pub(crate) fn dressed(mut message: wa::Message, post: &StatusPost) -> wa::Message {
    if let Some(text) = message.conversation.take() {
        message.extended_text_message =
            MessageField::some(inner::ExtendedTextMessage { text: Some(text), ..Default::default() });
    }
    if let Some(text) = message.extended_text_message.as_option_mut() {
        text.background_argb = Some(post.background.unwrap_or(GREEN));
        text.font = Some(post.font.and_then(FontType::from_i32).unwrap_or(FontType::SYSTEM));
    }
    if let Some(audio) = message.audio_message.as_option_mut() {
        audio.background_argb = post.background;
    }
    message
}

/// The colour and font of a message that has a colour.
pub(crate) fn of(message: &wa::Message) -> Option<StatusPost> {
    let text = message.extended_text_message.as_option();
    let audio = message.audio_message.as_option();
    let background = text.and_then(|it| it.background_argb).or_else(|| audio?.background_argb)?;
    let font = text.and_then(|it| it.font).map(|it| it.to_i32());
    Some(StatusPost { recipients: Vec::new(), background: Some(background), font })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_dressed_and_read_back() {
        let text = || wa::Message { conversation: Some("hi".into()), ..Default::default() };
        for (background, font, expected) in [(None, None, (GREEN, 0)), (Some(0xFF00_00FF), Some(8), (0xFF00_00FF, 8))] {
            let message = dressed(text(), &StatusPost { recipients: Vec::new(), background, font });
            let read = of(&message).unwrap();
            assert_eq!((read.background, read.font), (Some(expected.0), Some(expected.1)));
            assert_eq!(message.extended_text_message.as_option().and_then(|it| it.text.as_deref()), Some("hi"));
        }
        assert_eq!(of(&text()), None, "plain text has no colour");
    }
}
