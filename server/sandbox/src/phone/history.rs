//! What a phone tells a new companion of the past: its newest messages, chat by chat.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use wacore::download::MediaType;
use wacore::upload::EncryptedMedia;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type;

use super::chat::Chat;
use super::compose::protocol;
use super::message::{Content, Message, Status};

/// A new companion is told of this many messages at most.
pub(crate) const MOST_MESSAGES: usize = 1_000;

/// A larger history does not travel inside the message but by the media host.
const LARGEST_INLINE: usize = 32 << 10;

/// A history, ready to be told.
pub(crate) enum History {
    Inline(Vec<u8>),
    Uploaded(EncryptedMedia, u64),
}

/// Packs the messages, which are oldest first.
pub(crate) fn pack(messages: &[Message], names: &[(String, String)], salt: Option<Vec<u8>>) -> io::Result<History> {
    let mut chats: BTreeMap<&Chat, Vec<&Message>> = BTreeMap::new();
    for message in messages {
        if !matches!(message.content, Content::Undecryptable { .. }) {
            chats.entry(&message.chat).or_default().push(message);
        }
    }
    seal(wa::HistorySync {
        sync_type: wa::history_sync::HistorySyncType::INITIAL_BOOTSTRAP,
        conversations: chats.into_iter().filter_map(|(chat, messages)| conversation(chat, &messages)).collect(),
        pushnames: names
            .iter()
            .map(|(id, name)| wa::Pushname { id: Some(id.clone()), pushname: Some(name.clone()) })
            .collect(),
        chunk_order: Some(1),
        progress: Some(100),
        nct_salt: salt,
        ..Default::default()
    })
}

/// Packs messages of one chat, oldest first, that were asked for.
pub(crate) fn pack_past(messages: &[Message]) -> io::Result<History> {
    let messages: Vec<&Message> = messages.iter().collect();
    let conversations = messages.first().and_then(|it| conversation(&it.chat, &messages)).into_iter().collect();
    seal(wa::HistorySync {
        sync_type: wa::history_sync::HistorySyncType::ON_DEMAND,
        conversations,
        chunk_order: Some(1),
        progress: Some(100),
        ..Default::default()
    })
}

fn seal(sync: wa::HistorySync) -> io::Result<History> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&waproto::codec::history_sync_to_vec(&sync))?;
    let packed = packed.finish()?;
    if packed.len() <= LARGEST_INLINE {
        return Ok(History::Inline(packed));
    }
    let length = packed.len() as u64;
    wacore::upload::encrypt_media(&packed, MediaType::History)
        .map(|sealed| History::Uploaded(sealed, length))
        .map_err(io::Error::other)
}

/// The message that tells a companion of the history.
pub(crate) fn notice(history: History, path: Option<String>) -> wa::Message {
    telling(history, path, wa::message::HistorySyncType::INITIAL_BOOTSTRAP, None)
}

/// The message that tells a companion of the past it asked for by the message of this id.
pub(crate) fn notice_of_past(history: History, path: Option<String>, asked: &str) -> wa::Message {
    telling(history, path, wa::message::HistorySyncType::ON_DEMAND, Some(asked.to_owned()))
}

fn telling(
    history: History,
    path: Option<String>,
    kind: wa::message::HistorySyncType,
    asked: Option<String>,
) -> wa::Message {
    let mut notice = wa::message::HistorySyncNotification {
        sync_type: Some(kind),
        chunk_order: Some(1),
        progress: Some(100),
        peer_data_request_session_id: asked,
        ..Default::default()
    };
    match history {
        History::Inline(packed) => notice.initial_hist_bootstrap_inline_payload = Some(packed),
        History::Uploaded(sealed, length) => {
            notice.file_sha256 = Some(sealed.file_sha256.to_vec());
            notice.file_enc_sha256 = Some(sealed.file_enc_sha256.to_vec());
            notice.media_key = Some(sealed.media_key.to_vec());
            notice.file_length = Some(length);
            notice.direct_path = path;
        }
    }
    protocol(wa::message::ProtocolMessage {
        r#type: Some(Type::HISTORY_SYNC_NOTIFICATION),
        history_sync_notification: notice.into(),
        ..Default::default()
    })
}

fn conversation(chat: &Chat, messages: &[&Message]) -> Option<wa::Conversation> {
    let unread = messages.iter().filter(|message| !message.from_me && message.status < Status::Read);
    let last = messages.last()?.timestamp;
    Some(wa::Conversation {
        id: chat.jid()?.to_string(),
        unread_count: Some(u32::try_from(unread.count()).unwrap_or(u32::MAX)),
        last_msg_timestamp: Some(last),
        conversation_timestamp: Some(last),
        // Newest first, as phones send it.
        messages: messages.iter().rev().map(|message| line(message)).collect(),
        ..Default::default()
    })
}

fn line(message: &Message) -> wa::HistorySyncMsg {
    let participant = (message.chat.has_members() && !message.from_me).then(|| message.author.clone());
    let info = wa::WebMessageInfo {
        key: wa::MessageKey {
            remote_jid: message.chat.jid().map(|jid| jid.to_string()),
            from_me: Some(message.from_me),
            id: Some(message.id.clone()),
            participant: participant.clone(),
        }
        .into(),
        message: waproto::codec::message_decode(&message.encoded[..]).unwrap_or_default().into(),
        message_timestamp: Some(message.timestamp),
        participant,
        push_name: message.sender_name.clone(),
        status: Some(match message.status {
            Status::Failed => wa::web_message_info::Status::ERROR,
            Status::Pending => wa::web_message_info::Status::PENDING,
            Status::Sent => wa::web_message_info::Status::SERVER_ACK,
            Status::Delivered => wa::web_message_info::Status::DELIVERY_ACK,
            Status::Read => wa::web_message_info::Status::READ,
            Status::Played => wa::web_message_info::Status::PLAYED,
        }),
        ..Default::default()
    };
    wa::HistorySyncMsg { message: info.into(), msg_order_id: Some(message.sequence) }
}
