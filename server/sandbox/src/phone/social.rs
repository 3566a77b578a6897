//! What a phone tells others beside messages: that its owner types or is there, whom it blocks, what
//! it shows of itself; and what it sees of others.

use bytes::Bytes;
use serde_json::json;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::actor::{Actor, request};
use super::app_state::named;
use super::chat::Chat;
use super::error::PhoneError;
use super::observation::Kind;
use crate::stanza;

/// What a phone is asked to tell.
pub(crate) enum Wish {
    ChatState(Chat, ChatState),
    Presence {
        is_available: bool,
    },
    /// To be told when this person comes and goes.
    Subscribe(Chat),
    Block {
        who: Chat,
        is_blocked: bool,
    },
    Profile(Profile),
    /// Whether the phone uploads expired files again when asked to.
    AnswerMediaRequests(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatState {
    Typing,
    Recording,
    Paused,
}

/// What the owner changes of their own profile.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub name: Option<String>,
    pub about: Option<String>,
    /// Without bytes, the picture goes.
    pub picture: Option<Bytes>,
}

/// A person as a phone sees them.
#[derive(Clone, Debug)]
pub struct Person {
    pub number: String,
    pub lid: String,
    pub about: Option<String>,
    pub picture: Option<Bytes>,
    pub is_business: bool,
    pub verified_name: Option<String>,
}

impl Actor {
    pub(super) async fn grant(&mut self, wish: Wish) -> Result<(), PhoneError> {
        if self.link.is_none() && !matches!(wish, Wish::AnswerMediaRequests(_)) {
            return Err(PhoneError::Offline);
        }
        match wish {
            Wish::ChatState(chat, state) => self.show_chat_state(&chat, state),
            Wish::Presence { is_available } => {
                let kind = if is_available { "available" } else { "unavailable" };
                let name = self.record.name(&self.info).to_owned();
                self.say(NodeBuilder::new("presence").attr("type", kind).attr("name", name).build());
                Ok(())
            }
            Wish::Subscribe(person) => {
                let jid = person.jid().ok_or(PhoneError::NotWritable(person))?;
                self.say(NodeBuilder::new("presence").attr("type", "subscribe").attr("to", jid).build());
                Ok(())
            }
            Wish::Block { who, is_blocked } => {
                let jid = who.jid().ok_or(PhoneError::NotWritable(who))?;
                let action = if is_blocked { "block" } else { "unblock" };
                let item = NodeBuilder::new("item").attr("jid", jid).attr("action", action).build();
                self.ask(request("blocklist", "set").children([item])).await?;
                Ok(())
            }
            Wish::Profile(profile) => self.show(profile).await,
            Wish::AnswerMediaRequests(is_on) => {
                self.record.refuses_media = !is_on;
                self.save();
                Ok(())
            }
        }
    }

    /// `<chatstate to><composing/></chatstate>`
    fn show_chat_state(&self, chat: &Chat, state: ChatState) -> Result<(), PhoneError> {
        let to = chat.jid().ok_or_else(|| PhoneError::NotWritable(chat.clone()))?;
        let state = match state {
            ChatState::Typing => NodeBuilder::new("composing"),
            ChatState::Recording => NodeBuilder::new("composing").attr("media", "audio"),
            ChatState::Paused => NodeBuilder::new("paused"),
        };
        self.say(NodeBuilder::new("chatstate").attr("to", to).children([state.build()]).build());
        Ok(())
    }

    async fn show(&mut self, profile: Profile) -> Result<(), PhoneError> {
        if let Some(about) = profile.about {
            let status = NodeBuilder::new("status").bytes(about.into_bytes()).build();
            self.ask(request("status", "set").children([status])).await?;
        }
        if let Some(picture) = profile.picture {
            self.set_picture(self.own_jid(), picture).await?;
        }
        if let Some(name) = profile.name {
            self.say(NodeBuilder::new("presence").attr("name", name.clone()).build());
            self.mutate(&named(&name)).await?;
            self.record.shown_name = Some(name);
            self.save();
        }
        Ok(())
    }

    /// Sets the picture of the owner or of a group; without bytes it goes.
    pub(super) async fn set_picture(&mut self, of: Jid, picture: Bytes) -> Result<(), PhoneError> {
        let node = (!picture.is_empty())
            .then(|| NodeBuilder::new("picture").attr("type", "image").bytes(picture.to_vec()).build());
        let request = NodeBuilder::new("iq").attr("to", of).attr("type", "set").attr("xmlns", "w:profile:picture");
        self.ask(request.children(node)).await?;
        Ok(())
    }

    pub(super) async fn blocked(&mut self) -> Result<Vec<Chat>, PhoneError> {
        let answer = self.ask(request("blocklist", "get")).await?;
        let items = stanza::grandchildren(&answer, "list").iter();
        Ok(items.filter_map(|item| stanza::jid(item, "jid")).map(|jid| self.person(&jid)).collect())
    }

    /// What this phone sees of a person.
    pub(super) async fn look(&mut self, person: &Chat) -> Result<Person, PhoneError> {
        let jid = person.jid().ok_or_else(|| PhoneError::NotWritable(person.clone()))?;
        let queries = ["lid", "status", "business"].map(|tag| NodeBuilder::new(tag).build());
        let user = NodeBuilder::new("user").attr("jid", jid.clone()).build();
        let usync = NodeBuilder::new("usync")
            .attr("sid", self.new_message_id())
            .attr("mode", "query")
            .attr("last", "true")
            .attr("index", "0")
            .attr("context", "interactive")
            .children([
                NodeBuilder::new("query").children(queries).build(),
                NodeBuilder::new("list").children([user]).build(),
            ])
            .build();
        let answer = self.ask(request("usync", "get").children([usync])).await?;
        let users = answer.get_optional_child("usync").map(|usync| stanza::grandchildren(usync, "list"));
        let Some(user) = users.and_then(|users| users.first()) else {
            return Err(PhoneError::NotOnNetwork(person.clone()));
        };
        let number = self.number_of(&jid).ok_or_else(|| PhoneError::NotOnNetwork(person.clone()))?;
        let lid = self.hidden(&Chat::Person(number.clone()))?.user.to_string();
        let about = String::from_utf8_lossy(stanza::child_content(user, "status")).into_owned();
        let business = user.get_optional_child("business");
        Ok(Person {
            about: Some(about).filter(|about| !about.is_empty()),
            is_business: business.is_some(),
            verified_name: business.and_then(verified_name),
            picture: self.picture_of(jid).await?,
            number,
            lid,
        })
    }

    async fn picture_of(&mut self, jid: Jid) -> Result<Option<Bytes>, PhoneError> {
        let picture = NodeBuilder::new("picture").attr("type", "image").attr("query", "url").build();
        let request = request("w:profile:picture", "get").attr("target", jid).children([picture]);
        let answer = match self.ask(request).await {
            Ok(answer) => answer,
            // There is none, or it is not for this phone.
            Err(PhoneError::RequestRefused(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let id = answer.get_optional_child("picture").map(|picture| stanza::text(picture, "id"));
        Ok(id.and_then(|id| self.network.picture(&id)))
    }

    /// Another device of the account asks for a file that has expired. The phone has it still and
    /// uploads it again.
    pub(super) async fn upload_again(&mut self, node: &Node, by: &Jid) {
        let id = stanza::text(node, "id");
        self.observations.note(Kind::MediaRequest, None, Some(self.person(by)), json!({"message": id}));
        let answer = match self.file_for(node, &id).await {
            Some(sealed) => sealed,
            None => NodeBuilder::new("error").attr("code", "2").build(),
        };
        let mut children = vec![answer];
        children.extend(node.get_optional_child("rmr").cloned());
        let notification = NodeBuilder::new("notification")
            .attr("to", by.clone())
            .attr("type", "mediaretry")
            .attr("id", id)
            .children(children);
        self.say(notification.build());
    }

    /// `<encrypt>` with the place where the file is found from now on.
    async fn file_for(&self, node: &Node, id: &str) -> Option<Node> {
        if self.record.refuses_media {
            return None;
        }
        let asked = stanza::jid(node.get_optional_child("rmr")?, "jid")?;
        let line = self.log.find(&self.person(&asked), id)?;
        let super::message::Content::Media(media) = &line.content else {
            return None;
        };
        let sealed = node.get_optional_child("encrypt")?;
        let (iv, request) = (stanza::child_content(sealed, "enc_iv"), stanza::child_content(sealed, "enc_p"));
        // Who does not know the key of the file does not get it.
        wacore::media_retry::decrypt_media_retry_notification(&media.key, id, iv, request).ok()?;
        let file = self.media.fetch_kept(&media.path).await.ok()?;
        let path = self.media.store(file, crate::ambient::wall_clock()).await.ok()?;
        super::media_retry::found(&media.key, id, &path)
    }
}

/// The name in the certificate of a business.
fn verified_name(business: &Node) -> Option<String> {
    let certificate = stanza::child_content(business, "verified_name");
    let certificate = waproto::codec::verified_name_certificate_decode(certificate).ok()?;
    let details = waproto::codec::verified_name_certificate_details_decode(certificate.details.as_deref()?).ok()?;
    details.verified_name
}
