//! What a sender says about a message besides what is in it.

use openwa_model::content::Marks;
use whatsapp_rust::waproto::whatsapp as wa;

use super::layers;

pub(super) fn read(message: &wa::Message, context: Option<&wa::ContextInfo>) -> Marks {
    let mut marks = Marks::default();
    for layer in layers(message) {
        let files = [
            layer.image_message.as_option().and_then(|it| it.view_once),
            layer.video_message.as_option().and_then(|it| it.view_once),
            layer.ptv_message.as_option().and_then(|it| it.view_once),
            layer.audio_message.as_option().and_then(|it| it.view_once),
        ];
        marks.is_view_once |= layer.view_once_message.is_set()
            || layer.view_once_message_v2.is_set()
            || layer.view_once_message_v2_extension.is_set()
            || files.contains(&Some(true));
        marks.is_gif |= layer.video_message.as_option().is_some_and(|it| it.gif_playback == Some(true));
        marks.is_video_note |= layer.ptv_message.is_set();
    }
    if let Some(context) = context {
        marks.is_forwarded = context.is_forwarded == Some(true);
        marks.forwarding_score = context.forwarding_score.unwrap_or_default();
        marks.mentions_everyone = context.non_jid_mentions.is_some_and(|it| it > 0);
        marks.ephemeral_seconds = context.expiration.filter(|it| *it > 0);
    }
    marks
}
