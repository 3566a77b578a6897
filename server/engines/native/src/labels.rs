//! Labels, which only business accounts have.

use openwa_model::{
    engine::{EngineError, ErrorKind, Retry, Signal},
    label::{Label, LabelChanged},
    ops::{DeleteLabel, LabelChat, SaveLabel},
};
use wacore::types::events::Event;

use crate::{failure, inbound, jid, operations::Operations};

const NOT_CHANGED: &str = "The labels could not be changed on this account's devices";

impl Operations<'_> {
    /// An account with a business profile is a business account.
    pub(crate) async fn check_labels(&self) -> Result<(), EngineError> {
        let Some(own) = self.link.client.pn() else { return Err(super::engine::not_connected()) };
        let profile = self.link.client.get_business_profile(&own.to_non_ad()).await;
        let profile =
            profile.map_err(|error| failure::of_request("WhatsApp did not say what account this is", error))?;
        profile.map(drop).ok_or_else(|| {
            let message = "Only WhatsApp Business accounts have labels, and this is none";
            EngineError::new(ErrorKind::NotABusiness, Retry::Never, message)
        })
    }

    pub(crate) async fn save_label(&self, SaveLabel { label }: SaveLabel) -> Result<(), EngineError> {
        self.check_labels().await?;
        let saved = self.link.client.labels().create_label(&label.id, &label.name, label.color.into()).await;
        saved.map_err(|error| failure::of_app_state(NOT_CHANGED, error))
    }

    pub(crate) async fn delete_label(&self, DeleteLabel { id }: DeleteLabel) -> Result<(), EngineError> {
        self.check_labels().await?;
        let deleted = self.link.client.labels().delete_label(&id).await;
        deleted.map_err(|error| failure::of_app_state(NOT_CHANGED, error))
    }

    pub(crate) async fn label_chat(&self, asked: LabelChat) -> Result<(), EngineError> {
        self.check_labels().await?;
        let (chat, labels) = (jid::to_wire(&asked.chat), self.link.client.labels());
        let done = match asked.is_labeled {
            true => labels.add_chat_label(&asked.label, &chat).await,
            false => labels.remove_chat_label(&asked.label, &chat).await,
        };
        done.map_err(|error| failure::of_app_state(NOT_CHANGED, error))
    }
}

/// What was done to labels on another device of the account.
pub(crate) fn changed(event: &Event) -> Option<Signal> {
    let changed = match event {
        Event::LabelEditUpdate(it) => {
            let id = plausible_id(&it.label_id)?;
            match it.action.deleted {
                Some(true) => LabelChanged::Deleted(id),
                _ => LabelChanged::Saved(Label {
                    id,
                    name: inbound::name(it.action.name.as_deref()?)?,
                    color: u8::try_from(it.action.color.unwrap_or_default()).ok().filter(|it| *it < Label::COLORS)?,
                }),
            }
        }
        Event::LabelAssociationUpdate(it) => LabelChanged::Chat {
            label: plausible_id(&it.label_id)?,
            chat: jid::from_wire(&it.chat_jid)?,
            is_labeled: it.action.labeled == Some(true),
        },
        _ => return None,
    };
    Some(Signal::Label(changed))
}

fn plausible_id(id: &str) -> Option<String> {
    (1..=Label::MAX_ID).contains(&id.len()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use wacore::types::events::{LabelAssociationUpdate, LabelEditUpdate};
    use whatsapp_rust::{
        wacore::chrono::DateTime,
        waproto::whatsapp::sync_action_value::{LabelAssociationAction, LabelEditAction},
    };

    use super::*;

    fn edited(id: &str, action: LabelEditAction) -> Option<LabelChanged> {
        let update = LabelEditUpdate::builder()
            .label_id(id.to_owned())
            .timestamp(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
            .action(Box::new(action))
            .from_full_sync(false)
            .build();
        match changed(&Event::LabelEditUpdate(update))? {
            Signal::Label(it) => Some(it),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn labels_are_read_within_bounds() {
        let action = |name: &str, color| LabelEditAction {
            name: Some(name.into()),
            color: Some(color),
            deleted: Some(false),
            ..Default::default()
        };
        let paid = Label { id: "3".into(), name: "Paid".into(), color: 19 };
        assert_eq!(edited("3", action("Paid", 19)), Some(LabelChanged::Saved(paid)));
        let deleted = LabelEditAction { deleted: Some(true), ..Default::default() };
        assert_eq!(edited("3", deleted), Some(LabelChanged::Deleted("3".into())));
        for (id, action) in
            [("", action("Paid", 1)), ("3", action("", 1)), ("3", action("Paid", 20)), ("3", action("Paid", -1))]
        {
            assert_eq!(edited(id, action), None, "{id}");
        }
    }

    #[test]
    fn a_chat_gets_a_label_and_loses_it() {
        for is_labeled in [true, false] {
            let action = LabelAssociationAction { labeled: Some(is_labeled), ..Default::default() };
            let update = LabelAssociationUpdate::builder()
                .label_id("3".to_owned())
                .chat_jid("15550000001@s.whatsapp.net".parse().unwrap())
                .timestamp(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
                .action(Box::new(action))
                .from_full_sync(false)
                .build();
            let Some(Signal::Label(LabelChanged::Chat { label, chat, is_labeled: told })) =
                changed(&Event::LabelAssociationUpdate(update))
            else {
                panic!()
            };
            assert_eq!((label.as_str(), chat.to_string().as_str(), told), ("3", "15550000001@c.us", is_labeled));
        }
    }
}
