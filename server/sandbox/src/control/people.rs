//! What a phone does beside messages and groups: who is there and who types, whom it blocks, what it
//! shows of itself, the channels it administers, calls, and what it noticed of all that.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use super::content::{bytes, chat};
use super::failure::Failure;
use super::messages::{MOST_AT_ONCE, USUALLY_AT_ONCE, longest};
use super::phones::{Done, find};
use crate::business::Business;
use crate::phone::calls::{Action, Call, CallState};
use crate::phone::observation::Observation;
use crate::phone::{ChatState, Person, Phones, Profile};

pub(super) struct PeopleApi {
    pub(super) phones: Phones,
}

#[derive(Enum, Debug, Clone, Copy)]
#[oai(rename = "ChatState", rename_all = "lowercase")]
enum ChatStateName {
    Typing,
    Recording,
    Paused,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewChatState {
    chat: String,
    state: ChatStateName,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Presence {
    available: bool,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Subscription {
    /// A person.
    chat: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ProfileChange {
    #[oai(validator(min_length = 1, max_length = 25))]
    name: Option<String>,
    /// The line about the owner.
    about: Option<String>,
    /// A JPEG in base64; an empty text takes the picture away.
    picture: Option<String>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Switch {
    on: bool,
}

#[derive(Object)]
#[oai(rename = "Person", rename_all = "camelCase", skip_serializing_if_is_none)]
struct PersonView {
    /// `<number>@c.us`
    id: String,
    number: String,
    /// The hidden id, `<digits>@lid`.
    lid: String,
    about: Option<String>,
    /// The picture in base64.
    picture: Option<String>,
    is_business: bool,
    verified_name: Option<String>,
}

impl From<Person> for PersonView {
    fn from(person: Person) -> Self {
        Self {
            id: format!("{}@c.us", person.number),
            lid: format!("{}@lid", person.lid),
            number: person.number,
            about: person.about,
            picture: person.picture.map(|picture| STANDARD.encode(picture)),
            is_business: person.is_business,
            verified_name: person.verified_name,
        }
    }
}

#[derive(Object)]
#[oai(rename = "PhoneEvent", skip_serializing_if_is_none)]
struct ObservationView {
    /// Its place among the events; `after` continues from here.
    sequence: u64,
    /// `typing`, `recording`, `paused`, `presence`, `call`, `group`, `picture`, `about`, `app-state`,
    /// `blocklist`, `media-request`.
    r#type: String,
    chat: Option<String>,
    /// Who did it.
    from: Option<String>,
    /// Seconds since 1970.
    timestamp: u64,
    /// Of `presence`: available, lastSeen. Of `call`: id, action, video, reason. Of `group`: change,
    /// participants, text. Of `picture`: removed. Of `about`: text. Of `app-state`: collection, index,
    /// value, removed. Of `blocklist`: blocked. Of `media-request`: message.
    data: Any<Value>,
}

impl From<Observation> for ObservationView {
    fn from(observation: Observation) -> Self {
        Self {
            sequence: observation.sequence,
            r#type: observation.kind.name().to_owned(),
            chat: observation.chat.map(String::from),
            from: observation.from.map(String::from),
            timestamp: observation.timestamp,
            data: Any(observation.data),
        }
    }
}

#[derive(Enum, Debug, Clone, Copy)]
#[oai(rename = "CallState", rename_all = "lowercase")]
enum CallStateName {
    Ringing,
    Accepted,
    Rejected,
    Ended,
}

#[derive(Enum, Debug, Clone, Copy)]
#[oai(rename_all = "lowercase")]
enum CallAction {
    Accept,
    Reject,
    Terminate,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewCall {
    /// A person.
    chat: String,
    #[oai(default)]
    video: bool,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ActionOnCall {
    action: CallAction,
}

#[derive(Object)]
#[oai(rename = "Call")]
struct CallView {
    id: String,
    with: String,
    /// Whether this phone called.
    outgoing: bool,
    video: bool,
    state: CallStateName,
}

impl From<Call> for CallView {
    fn from(call: Call) -> Self {
        Self {
            id: call.id,
            with: call.with.to_string(),
            outgoing: call.is_outgoing,
            video: call.is_video,
            state: match call.state {
                CallState::Ringing => CallStateName::Ringing,
                CallState::Accepted => CallStateName::Accepted,
                CallState::Rejected => CallStateName::Rejected,
                CallState::Ended => CallStateName::Ended,
            },
        }
    }
}

#[derive(Object)]
struct CallId {
    id: String,
}

#[derive(ApiResponse)]
enum Called {
    /// It rings.
    #[oai(status = 201)]
    Called(Json<CallId>),
}

#[OpenApi]
impl PeopleApi {
    /// What this phone noticed that is no message, oldest first
    #[oai(path = "/phones/:id/events", method = "get", operation_id = "listEvents")]
    async fn events(
        &self,
        id: Path<Uuid>,
        /// Only events with a higher sequence.
        after: Query<Option<u64>>,
        /// At most so many; 100 if left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<Option<usize>>,
        /// Waits up to so many milliseconds for the first event when there is none yet.
        wait: Query<Option<u64>>,
    ) -> Result<Json<Vec<ObservationView>>, Failure> {
        let phone = find(&self.phones, id.0)?;
        let limit = limit.0.unwrap_or(USUALLY_AT_ONCE).min(MOST_AT_ONCE);
        let seen = phone.observations(after.0.unwrap_or(0), limit, longest(wait.0)).await;
        Ok(Json(seen.into_iter().map(ObservationView::from).collect()))
    }

    /// Show others in a chat that the owner types, records or has stopped
    #[oai(path = "/phones/:id/chat-state", method = "post", operation_id = "showChatState")]
    async fn chat_state(&self, id: Path<Uuid>, new: Json<NewChatState>) -> Result<Done, Failure> {
        let state = match new.state {
            ChatStateName::Typing => ChatState::Typing,
            ChatStateName::Recording => ChatState::Recording,
            ChatStateName::Paused => ChatState::Paused,
        };
        find(&self.phones, id.0)?.show_chat_state(chat(&new.chat)?, state).await?;
        Ok(Done::Done)
    }

    /// Show others whether the owner is there
    #[oai(path = "/phones/:id/presence", method = "put", operation_id = "setPresence")]
    async fn presence(&self, id: Path<Uuid>, presence: Json<Presence>) -> Result<Done, Failure> {
        find(&self.phones, id.0)?.set_presence(presence.available).await?;
        Ok(Done::Done)
    }

    /// Ask to be told when a person comes and goes
    ///
    /// Events of the type `presence` follow, the first at once.
    #[oai(path = "/phones/:id/subscriptions", method = "post", operation_id = "subscribe")]
    async fn subscribe(&self, id: Path<Uuid>, to: Json<Subscription>) -> Result<Done, Failure> {
        find(&self.phones, id.0)?.subscribe(chat(&to.chat)?).await?;
        Ok(Done::Done)
    }

    /// Whom this phone blocks
    #[oai(path = "/phones/:id/blocked", method = "get", operation_id = "listBlocked")]
    async fn blocked(&self, id: Path<Uuid>) -> Result<Json<Vec<String>>, Failure> {
        let blocked = find(&self.phones, id.0)?.blocked().await?;
        Ok(Json(blocked.into_iter().map(String::from).collect()))
    }

    /// Block a person
    #[oai(path = "/phones/:id/blocked/:chat", method = "put", operation_id = "block")]
    async fn block(&self, id: Path<Uuid>, #[oai(name = "chat")] who: Path<String>) -> Result<Done, Failure> {
        find(&self.phones, id.0)?.set_blocked(chat(&who)?, true).await?;
        Ok(Done::Done)
    }

    /// Unblock a person
    #[oai(path = "/phones/:id/blocked/:chat", method = "delete", operation_id = "unblock")]
    async fn unblock(&self, id: Path<Uuid>, #[oai(name = "chat")] who: Path<String>) -> Result<Done, Failure> {
        find(&self.phones, id.0)?.set_blocked(chat(&who)?, false).await?;
        Ok(Done::Done)
    }

    /// Change what this phone shows of its owner
    #[oai(path = "/phones/:id/profile", method = "patch", operation_id = "setProfile")]
    async fn profile(&self, id: Path<Uuid>, change: Json<ProfileChange>) -> Result<Done, Failure> {
        let ProfileChange { name, about, picture } = change.0;
        let picture = picture.map(|picture| bytes(&picture, "picture")).transpose()?;
        find(&self.phones, id.0)?.set_profile(Profile { name, about, picture }).await?;
        Ok(Done::Done)
    }

    /// A person as this phone sees them
    #[oai(path = "/phones/:id/contacts/:chat", method = "get", operation_id = "getContact")]
    async fn contact(
        &self,
        id: Path<Uuid>,
        #[oai(name = "chat")] who: Path<String>,
    ) -> Result<Json<PersonView>, Failure> {
        let person = find(&self.phones, id.0)?.look(chat(&who)?).await?;
        Ok(Json(person.into()))
    }

    /// Make this phone's account a business
    ///
    /// Its profile and its catalogue are what is given here; nothing is kept of what was there before.
    #[oai(path = "/phones/:id/business", method = "put", operation_id = "setBusiness")]
    async fn set_business(&self, id: Path<Uuid>, business: Json<Business>) -> Result<Done, Failure> {
        find(&self.phones, id.0)?.set_business(Some(business.0))?;
        Ok(Done::Done)
    }

    /// Make it an ordinary account again
    #[oai(path = "/phones/:id/business", method = "delete", operation_id = "deleteBusiness")]
    async fn delete_business(&self, id: Path<Uuid>) -> Result<Done, Failure> {
        find(&self.phones, id.0)?.set_business(None)?;
        Ok(Done::Done)
    }

    /// Make this phone's account an admin of a channel
    ///
    /// As if the channel's owner had asked and the account agreed; it follows the channel from then on.
    #[oai(path = "/phones/:id/channels/:channel", method = "put", operation_id = "administerChannel")]
    async fn administer_channel(&self, id: Path<Uuid>, channel: Path<String>) -> Result<Done, Failure> {
        find(&self.phones, id.0)?.become_channel_admin(&channel.0)?;
        Ok(Done::Done)
    }

    /// Whether this phone uploads expired files again when a linked device asks
    ///
    /// It does unless it is told not to; then it answers that it has no such file.
    #[oai(path = "/phones/:id/media-retries", method = "put", operation_id = "setMediaRetries")]
    async fn media_retries(&self, id: Path<Uuid>, switch: Json<Switch>) -> Result<Done, Failure> {
        find(&self.phones, id.0)?.answer_media_requests(switch.on).await?;
        Ok(Done::Done)
    }

    /// Call a person
    #[oai(path = "/phones/:id/calls", method = "post", operation_id = "call")]
    async fn call(&self, id: Path<Uuid>, new: Json<NewCall>) -> Result<Called, Failure> {
        let id = find(&self.phones, id.0)?.call(chat(&new.chat)?, new.video).await?;
        Ok(Called::Called(Json(CallId { id })))
    }

    /// The calls this phone made and got, oldest first
    #[oai(path = "/phones/:id/calls", method = "get", operation_id = "listCalls")]
    async fn calls(&self, id: Path<Uuid>) -> Result<Json<Vec<CallView>>, Failure> {
        let calls = find(&self.phones, id.0)?.calls();
        Ok(Json(calls.into_iter().map(CallView::from).collect()))
    }

    /// Accept, reject or end a call
    #[oai(path = "/phones/:id/calls/:call", method = "post", operation_id = "actOnCall")]
    async fn act_on_call(
        &self,
        id: Path<Uuid>,
        call: Path<String>,
        action: Json<ActionOnCall>,
    ) -> Result<Done, Failure> {
        let action = match action.action {
            CallAction::Accept => Action::Accept,
            CallAction::Reject => Action::Reject,
            CallAction::Terminate => Action::Terminate,
        };
        find(&self.phones, id.0)?.act_on_call(call.0, action).await?;
        Ok(Done::Done)
    }
}
