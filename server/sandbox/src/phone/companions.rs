//! What a phone does for the clients linked to it: it gives a new one the app state key and the
//! history, and answers when one asks for the key again, or for what was said before.

use std::collections::BTreeSet;

use wacore_binary::{Jid, Node, Server};
use waproto::whatsapp as wa;
use waproto::whatsapp::message::peer_data_operation_request_message::HistorySyncOnDemandRequest as OnDemand;
use waproto::whatsapp::message::protocol_message::Type;

use super::actor::Actor;
use super::chat::Chat;
use super::error::PhoneError;
use super::history::{self, History};
use super::log::Log;
use crate::stanza;

impl Actor {
    /// Brings every companion in the list that was not served yet up to date.
    pub(super) async fn serve_companions(&mut self, devices: &Node) -> Result<(), PhoneError> {
        let present: BTreeSet<u16> = stanza::children(devices)
            .iter()
            .filter(|device| device.tag == "device")
            .filter_map(|device| stanza::jid(device, "jid"))
            .map(|jid| jid.device)
            .filter(|device| *device != 0)
            .collect();
        let unserved: Vec<u16> = present.difference(&self.record.served).copied().collect();
        self.record.served.retain(|device| present.contains(device));
        for device in unserved {
            if !self.record.is_name_published {
                self.publish_name().await?;
            }
            let key = self.record.app_state_key.share();
            self.send_to_companion(device, &key).await?;
            self.tell_history(device).await?;
            self.record.served.insert(device);
        }
        self.save();
        Ok(())
    }

    /// Answers a companion's request, if the message is one. Says whether it was.
    pub(super) async fn answer_companion(&mut self, device: u16, id: &str, message: &wa::Message) -> bool {
        let Some(protocol) = message.protocol_message.as_option() else {
            return false;
        };
        let answered = match protocol.r#type {
            Some(Type::APP_STATE_SYNC_KEY_REQUEST) => {
                let key = self.record.app_state_key.share();
                self.send_to_companion(device, &key).await
            }
            Some(Type::PEER_DATA_OPERATION_REQUEST_MESSAGE) => {
                let asked = protocol.peer_data_operation_request_message.as_option();
                match asked.and_then(|it| it.history_sync_on_demand_request.as_option()) {
                    Some(asked) => self.tell_past(device, id, asked).await,
                    None => return false,
                }
            }
            _ => return false,
        };
        if let Err(error) = answered {
            tracing::warn!(phone = %self.info.number, %error, "what a companion asked for was not sent");
        }
        true
    }

    /// Tells what was said in one chat before a message.
    async fn tell_past(&mut self, device: u16, id: &str, asked: &OnDemand) -> Result<(), PhoneError> {
        let chat = asked.chat_jid.as_deref().and_then(|it| it.parse().ok()).map(|it| self.person_or_group(&it));
        let before = asked.oldest_msg_id.as_deref().unwrap_or_default();
        let count = usize::try_from(asked.on_demand_msg_count.unwrap_or_default()).unwrap_or_default();
        let known = self.log.newest(usize::MAX);
        let older = known.into_iter().take_while(|it| it.id != before).filter(|it| Some(&it.chat) == chat.as_ref());
        let older: Vec<_> = older.collect();
        let past = &older[older.len().saturating_sub(count.min(history::MOST_MESSAGES))..];
        let packed = history::pack_past(past).map_err(|error| PhoneError::MediaEncryption(error.to_string()))?;
        let (packed, path) = self.send_large_away(packed).await?;
        self.send_to_companion(device, &history::notice_of_past(packed, path, id)).await
    }

    fn person_or_group(&self, jid: &Jid) -> Chat {
        if jid.server == Server::Group { Chat::of(jid) } else { self.person(jid) }
    }

    /// Puts a history that does not fit into a message on the media host.
    async fn send_large_away(&mut self, packed: History) -> Result<(History, Option<String>), PhoneError> {
        Ok(match packed {
            History::Uploaded(mut sealed, length) => {
                let bytes = std::mem::take(&mut sealed.data_to_upload);
                let path = self.upload(bytes).await?;
                (History::Uploaded(sealed, length), Some(path))
            }
            inline @ History::Inline(_) => (inline, None),
        })
    }

    async fn tell_history(&mut self, device: u16) -> Result<(), PhoneError> {
        let messages = self.log.newest(history::MOST_MESSAGES);
        let names = names(&self.log, self.own_jid().to_string(), self.record.name(&self.info));
        let salt = self.network.contact_salt(&self.info.number).filter(|salt| salt.with_history).map(|salt| salt.bytes);
        let packed = tokio::task::spawn_blocking(move || history::pack(&messages, &names, salt))
            .await
            .map_err(|error| PhoneError::MediaEncryption(error.to_string()))?
            .map_err(|error| PhoneError::MediaEncryption(error.to_string()))?;
        let (packed, path) = self.send_large_away(packed).await?;
        self.send_to_companion(device, &history::notice(packed, path)).await
    }
}

/// What the people in the history go by.
fn names(log: &Log, own: String, own_name: &str) -> Vec<(String, String)> {
    let mut names = std::collections::BTreeMap::from([(own, own_name.to_owned())]);
    for message in log.newest(history::MOST_MESSAGES) {
        if let (false, Some(name), Some(jid)) = (message.from_me, message.sender_name, message.from.jid()) {
            names.insert(jid.to_string(), name);
        }
    }
    names.into_iter().collect()
}
