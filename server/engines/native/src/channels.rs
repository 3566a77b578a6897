//! Channels, which WhatsApp's wire calls newsletters.

use openwa_model::{
    Timestamp,
    channel::{Channel, ChannelPost, ChannelRole},
    engine::{EngineError, ErrorKind, Retry},
    jid::{Jid, Server},
    ops::{
        CreateChannel, DemoteChannelAdmin, ListChannelPosts, MuteChannel, SearchChannels, SubscribeChannel,
        TransferChannel,
    },
};
use serde::Serialize;
use serde_json::Value;
use wacore::iq::mex_operations::{
    change_newsletter_owner, delete_newsletter, demote_newsletter_admin,
    fetch_newsletter_directory_search_results as directory_search,
};
use whatsapp_rust::{
    Client, MexRequest, NewsletterError, NewsletterMessage, NewsletterMetadata, NewsletterRole, NewsletterVerification,
};

use crate::{content, failure, jid};

/// The longest text of a channel that is taken over, in characters; WhatsApp's own limits are lower.
const LONGEST_TEXT: usize = 4_096;

pub(crate) async fn all(client: &Client) -> Result<Vec<Channel>, EngineError> {
    let listed = client.newsletter().list_subscribed().await;
    let listed = listed.map_err(|error| failed("WhatsApp did not list the channels", error))?;
    Ok(listed.into_iter().filter_map(channel).collect())
}

pub(crate) async fn one(client: &Client, id: &Jid) -> Result<Channel, EngineError> {
    let found = client.newsletter().get_metadata(&jid::to_wire(id)).await;
    channel(found.map_err(|error| failed("WhatsApp did not tell about the channel", error))?).ok_or_else(unknown)
}

pub(crate) async fn search(client: &Client, asked: SearchChannels) -> Result<Vec<Channel>, EngineError> {
    let input = directory_search::Input {
        search_text: Some(asked.text),
        limit: Some(asked.limit.into()),
        ..directory_search::Input::default()
    };
    let variables = directory_search::Variables { input: Some(input), fetch_status_metadata: Some(false) };
    let request = MexRequest::new(directory_search::NAME, directory_search::DOC_ID, variables);
    let answer = client.mex().query(request).await;
    let answer = answer.map_err(|error| failed("WhatsApp did not search the channels", error.into()))?;
    let data = answer.data.unwrap_or_default();
    let found = data["xwa2_newsletters_directory_search"]["result"].as_array();
    Ok(found.into_iter().flatten().take(asked.limit as usize).filter_map(found_channel).collect())
}

pub(crate) async fn posts(client: &Client, asked: ListChannelPosts) -> Result<Vec<ChannelPost>, EngineError> {
    let posts = client.newsletter().get_messages(jid::to_wire(&asked.id), asked.limit, None).await;
    let posts = posts.map_err(|error| failed("WhatsApp did not tell what stands in the channel", error))?;
    Ok(posts.into_iter().take(asked.limit as usize).filter_map(post).collect())
}

pub(crate) async fn create(client: &Client, wanted: CreateChannel) -> Result<Channel, EngineError> {
    let made = client.newsletter().create(&wanted.name, wanted.description.as_deref()).await;
    channel(made.map_err(|error| failed("WhatsApp did not make the channel", error))?).ok_or_else(unknown)
}

pub(crate) async fn subscribe(client: &Client, asked: SubscribeChannel) -> Result<Channel, EngineError> {
    let newsletters = client.newsletter();
    let found = newsletters.get_metadata_by_invite(&asked.invite_code).await;
    let found = found.map_err(|error| failed("WhatsApp did not tell about the channel", error))?;
    let joined = newsletters.join(&found.jid).await;
    joined.map_err(|error| failed("WhatsApp did not subscribe to the channel", error))?;
    channel(NewsletterMetadata { role: Some(NewsletterRole::Subscriber), ..found }).ok_or_else(unknown)
}

pub(crate) async fn unsubscribe(client: &Client, id: &Jid) -> Result<(), EngineError> {
    let left = client.newsletter().leave(&jid::to_wire(id)).await;
    left.map_err(|error| failed("WhatsApp did not unsubscribe from the channel", error))
}

pub(crate) async fn mute(client: &Client, asked: MuteChannel) -> Result<(), EngineError> {
    let muted = client.newsletter().set_follower_mute(&jid::to_wire(&asked.id), asked.mute).await;
    muted.map_err(|error| failed("WhatsApp did not mute the channel", error))
}

pub(crate) async fn delete(client: &Client, id: &Jid) -> Result<(), EngineError> {
    let variables = delete_newsletter::Variables { newsletter_id: Some(jid::to_wire_text(id)) };
    let request = MexRequest::new(delete_newsletter::NAME, delete_newsletter::DOC_ID, variables);
    change(client, request, "xwa2_newsletter_delete_v2", "WhatsApp did not delete the channel").await
}

pub(crate) async fn demote(client: &Client, asked: DemoteChannelAdmin) -> Result<(), EngineError> {
    let variables = demote_newsletter_admin::Variables {
        newsletter_id: Some(jid::to_wire_text(&asked.id)),
        user_id: Some(hidden(client, &asked.person).await),
    };
    let request = MexRequest::new(demote_newsletter_admin::NAME, demote_newsletter_admin::DOC_ID, variables);
    change(client, request, "xwa2_newsletter_admin_demote", "WhatsApp did not demote the admin").await
}

pub(crate) async fn transfer(client: &Client, asked: TransferChannel) -> Result<(), EngineError> {
    let variables = change_newsletter_owner::Variables {
        newsletter_id: Some(jid::to_wire_text(&asked.id)),
        user_id: Some(hidden(client, &asked.person).await),
    };
    let request = MexRequest::new(change_newsletter_owner::NAME, change_newsletter_owner::DOC_ID, variables);
    change(client, request, "xwa2_newsletter_change_owner", "WhatsApp did not hand the channel over").await
}

/// Channels know people by their hidden ids.
async fn hidden(client: &Client, person: &Jid) -> String {
    let wire = jid::to_wire(person);
    if person.server() == Server::Phone
        && let Ok(Some(entry)) = client.get_lid_pn_entry(&wire).await
    {
        return jid::to_wire_text(&Jid::new(&*entry.lid, Server::Lid));
    }
    wire.to_string()
}

async fn change<V: Serialize>(
    client: &Client,
    request: MexRequest<V>,
    answer: &str,
    what: &str,
) -> Result<(), EngineError> {
    let answered = client.mex().mutate(request).await.map_err(|error| failed(what, error.into()))?;
    let is_done = answered.data.is_some_and(|it| !it[answer].is_null());
    if is_done { Ok(()) } else { Err(unknown()) }
}

fn channel(found: NewsletterMetadata) -> Option<Channel> {
    Some(Channel {
        id: jid::from_wire(&found.jid).filter(|it| it.server() == Server::Newsletter)?,
        name: bounded(&found.name),
        description: found.description.as_deref().map(bounded).filter(|it| !it.is_empty()),
        invite_code: found.invite_code,
        subscribers: found.subscriber_count,
        verified: found.verification == NewsletterVerification::Verified,
        role: found.role.and_then(|it| match it {
            NewsletterRole::Owner => Some(ChannelRole::Owner),
            NewsletterRole::Admin => Some(ChannelRole::Admin),
            NewsletterRole::Subscriber => Some(ChannelRole::Subscriber),
            NewsletterRole::Guest => Some(ChannelRole::Guest),
            _ => None,
        }),
        created_at: found.creation_time.and_then(moment),
    })
}

/// A channel of the directory. Numbers stand there as numbers or as text.
fn found_channel(value: &Value) -> Option<Channel> {
    let thread = &value["thread_metadata"];
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let text = |value: &Value| value["text"].as_str().map(bounded).filter(|it| !it.is_empty());
    let id: Jid = value["id"].as_str()?.parse().ok()?;
    Some(Channel {
        id: Some(id).filter(|it| it.server() == Server::Newsletter)?,
        name: text(&thread["name"]).unwrap_or_default(),
        description: text(&thread["description"]),
        invite_code: thread["invite"].as_str().map(str::to_owned),
        subscribers: number(&thread["subscribers_count"]).unwrap_or_default(),
        verified: thread["verification"].as_str().is_some_and(|it| it.eq_ignore_ascii_case("verified")),
        role: None,
        created_at: number(&thread["creation_time"]).and_then(moment),
    })
}

fn post(message: NewsletterMessage) -> Option<ChannelPost> {
    let content = content::read(message.message.as_ref()?)?;
    Some(ChannelPost {
        id: if message.message_id.is_empty() { message.server_id.to_string() } else { message.message_id },
        number: message.server_id,
        body: content.body,
        timestamp: moment(message.timestamp).unwrap_or(Timestamp::UNIX_EPOCH),
        has_media: content.media.is_some(),
    })
}

fn moment(seconds: u64) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}

fn bounded(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

/// The library says of an empty answer that the request was wrong: there is no such channel.
fn failed(what: &str, error: NewsletterError) -> EngineError {
    if let NewsletterError::InvalidRequest(why) = &error {
        let message = format!("{what}: {}", bounded(why));
        return EngineError::new(ErrorKind::NotFound, Retry::Never, message).because(error);
    }
    failure::of_request(what, error)
}

fn unknown() -> EngineError {
    EngineError::new(ErrorKind::NotFound, Retry::Never, "WhatsApp knows no such channel")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use whatsapp_rust::MexError;

    use super::*;

    #[test]
    fn a_channel_of_the_directory_is_read_with_numbers_in_either_spelling() {
        for (subscribers, made) in [(json!(1200), json!("1700000000")), (json!("1200"), json!(1_700_000_000))] {
            let value = json!({
                "id": "120363000000000009@newsletter",
                "thread_metadata": {
                    "name": {"text": "Tides"}, "description": {"text": ""}, "invite": "0029Va",
                    "subscribers_count": subscribers, "creation_time": made, "verification": "VERIFIED",
                },
            });
            let channel = found_channel(&value).unwrap();
            assert_eq!((channel.name.as_str(), channel.description, channel.subscribers), ("Tides", None, 1200));
            assert_eq!(channel.created_at.map(|it| it.as_second()), Some(1_700_000_000));
            assert!(channel.verified);
        }
        assert_eq!(found_channel(&json!({"id": "15550000001@s.whatsapp.net"})), None);
    }

    #[test]
    fn refusals_are_sorted_by_whatsapps_code() {
        for (code, kind) in [(404, ErrorKind::NotFound), (403, ErrorKind::Refused), (400, ErrorKind::Invalid)] {
            let error = MexError::ExtensionError { code, message: "no".into() };
            assert_eq!(failed("it failed", error.into()).kind, kind, "{code}");
        }
    }
}
