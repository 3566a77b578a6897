//! Places, cards, polls, appointments, buttons, lists, products: written the way `content` reads them.

use buffa::MessageField;
use openwa_model::{
    content::{Appointment, Choice, ChoiceAction, ChoiceForm, Choices, Chosen, Detail, Product},
    engine::{EngineError, ErrorKind, Retry},
};
use serde_json::{Value, json};
use whatsapp_rust::waproto::whatsapp::{
    self as wa,
    message::{
        self as inner,
        buttons_response_message::{Response, Type as ButtonsResponseType},
        interactive_message::{self, InteractiveMessage as Payload, native_flow_message::NativeFlowButton},
        interactive_response_message::{self, InteractiveResponseMessage as Reply},
        list_response_message::{ListType, SingleSelectReply},
        product_message::ProductSnapshot,
    },
};

use crate::jid;

/// The version of native flows that WhatsApp's own clients write.
const FLOW_VERSION: i32 = 1;

type Context = Option<Box<wa::ContextInfo>>;

/// Whether people answer to it with something that is sealed.
pub(super) fn takes_answers(detail: &Detail) -> bool {
    matches!(detail, Detail::Poll { .. } | Detail::Event(_))
}

/// The message that says this.
pub(super) fn message(body: &str, detail: &Detail, context: Context) -> Result<wa::Message, EngineError> {
    Ok(match detail {
        Detail::Location { latitude, longitude, description, address, url } => wa::Message {
            location_message: MessageField::some(inner::LocationMessage {
                degrees_latitude: Some(*latitude),
                degrees_longitude: Some(*longitude),
                name: description.clone(),
                address: address.clone(),
                url: url.clone(),
                context_info: field(context),
                ..Default::default()
            }),
            ..Default::default()
        },
        Detail::Contact { vcards } => cards(body, vcards, context),
        Detail::Poll { name, options, multiple, .. } => poll(name, options, *multiple, context),
        Detail::Event(it) => appointment(it, context),
        Detail::Choices(it) => choices(body, it, context),
        Detail::Chosen(it) => chosen(it, context),
        Detail::Product(it) => product(body, it, context),
        Detail::Order { .. } | Detail::Call { .. } | Detail::Status(_) => {
            let message = format!("A message of type {} cannot be sent", detail.kind().name());
            return Err(EngineError::new(ErrorKind::Invalid, Retry::Never, message));
        }
    })
}

fn field(context: Context) -> MessageField<wa::ContextInfo> {
    context.map(|it| MessageField::some(*it)).unwrap_or_default()
}

fn cards(name: &str, vcards: &[String], context: Context) -> wa::Message {
    let card = |vcard: &String| inner::ContactMessage {
        display_name: Some(name.to_owned()),
        vcard: Some(vcard.clone()),
        ..Default::default()
    };
    if let [one] = vcards {
        let card = inner::ContactMessage { context_info: field(context), ..card(one) };
        return wa::Message { contact_message: MessageField::some(card), ..Default::default() };
    }
    wa::Message {
        contacts_array_message: MessageField::some(inner::ContactsArrayMessage {
            display_name: Some(name.to_owned()),
            contacts: vcards.iter().map(card).collect(),
            context_info: field(context),
        }),
        ..Default::default()
    }
}

fn poll(name: &str, options: &[String], multiple: bool, context: Context) -> wa::Message {
    let options = options
        .iter()
        .map(|it| inner::poll_creation_message::Option { option_name: Some(it.clone()), ..Default::default() });
    let poll = inner::PollCreationMessage {
        name: Some(name.to_owned()),
        options: options.collect(),
        // None at all means as many as there are.
        selectable_options_count: Some(if multiple { 0 } else { 1 }),
        poll_content_type: Some(inner::PollContentType::TEXT),
        context_info: field(context),
        ..Default::default()
    };
    // WhatsApp's own clients write the two sorts of polls in different fields.
    if multiple {
        return wa::Message { poll_creation_message: MessageField::some(poll), ..Default::default() };
    }
    wa::Message { poll_creation_message_v3: MessageField::some(poll), ..Default::default() }
}

fn appointment(appointment: &Appointment, context: Context) -> wa::Message {
    let place = appointment.place.as_ref().map(|it| inner::LocationMessage {
        degrees_latitude: Some(it.degrees.unwrap_or_default().0),
        degrees_longitude: Some(it.degrees.unwrap_or_default().1),
        name: it.name.clone(),
        ..Default::default()
    });
    wa::Message {
        event_message: MessageField::some(inner::EventMessage {
            name: Some(appointment.name.clone()),
            description: appointment.description.clone(),
            start_time: appointment.starts_at.map(|it| it.as_second()),
            end_time: appointment.ends_at.map(|it| it.as_second()),
            location: place.map(MessageField::some).unwrap_or_default(),
            join_link: appointment.join_link.clone(),
            extra_guests_allowed: Some(appointment.takes_guests),
            is_canceled: Some(appointment.is_canceled),
            context_info: field(context),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Written the newest way, whichever way it came: it is the one that WhatsApp's own apps still show.
fn choices(body: &str, choices: &Choices, context: Context) -> wa::Message {
    let all = || choices.sections.iter().flat_map(|it| &it.choices);
    let buttons = match &choices.opener {
        Some(opener) => vec![flow("single_select", &json!({"title": opener, "sections": sections(choices)}))],
        None => all().map(button).collect(),
    };
    let flow =
        interactive_message::NativeFlowMessage { buttons, message_version: Some(FLOW_VERSION), ..Default::default() };
    let header = choices.header.clone().map(|title| interactive_message::Header {
        title: Some(title),
        has_media_attachment: Some(false),
        ..Default::default()
    });
    let footer =
        choices.footer.clone().map(|text| interactive_message::Footer { text: Some(text), ..Default::default() });
    wa::Message {
        interactive_message: MessageField::some(inner::InteractiveMessage {
            header: header.map(MessageField::some).unwrap_or_default(),
            body: MessageField::some(interactive_message::Body { text: Some(body.to_owned()) }),
            footer: footer.map(MessageField::some).unwrap_or_default(),
            context_info: field(context),
            interactive_message: Some(Payload::NativeFlowMessage(Box::new(flow))),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn button(choice: &Choice) -> NativeFlowButton {
    let Choice { id, text, action, .. } = choice;
    match action {
        None => flow("quick_reply", &json!({"display_text": text, "id": id})),
        Some(ChoiceAction::Url(url)) => {
            flow("cta_url", &json!({"display_text": text, "url": url, "merchant_url": url}))
        }
        Some(ChoiceAction::Call(number)) => flow("cta_call", &json!({"display_text": text, "phone_number": number})),
        Some(ChoiceAction::Copy(code)) => flow("cta_copy", &json!({"display_text": text, "copy_code": code})),
    }
}

fn flow(name: &str, parameters: &Value) -> NativeFlowButton {
    NativeFlowButton { name: Some(name.to_owned()), button_params_json: Some(parameters.to_string()) }
}

fn sections(choices: &Choices) -> Vec<Value> {
    let row = |it: &Choice| json!({"id": it.id, "title": it.text, "description": it.description.as_deref().unwrap_or_default()});
    let section = |it: &openwa_model::content::ChoiceSection| json!({"title": it.title.as_deref().unwrap_or_default(), "rows": it.choices.iter().map(row).collect::<Vec<_>>()});
    choices.sections.iter().map(section).collect()
}

fn chosen(chosen: &Chosen, context: Context) -> wa::Message {
    let (id, text) = (Some(chosen.id.clone()), Some(chosen.text.clone()));
    match chosen.form {
        ChoiceForm::Buttons => wa::Message {
            buttons_response_message: MessageField::some(inner::ButtonsResponseMessage {
                selected_button_id: id,
                r#type: Some(ButtonsResponseType::DISPLAY_TEXT),
                response: text.map(Response::SelectedDisplayText),
                context_info: field(context),
            }),
            ..Default::default()
        },
        ChoiceForm::Template => wa::Message {
            template_button_reply_message: MessageField::some(inner::TemplateButtonReplyMessage {
                selected_id: id,
                selected_display_text: text,
                context_info: field(context),
                ..Default::default()
            }),
            ..Default::default()
        },
        ChoiceForm::List => wa::Message {
            list_response_message: MessageField::some(inner::ListResponseMessage {
                title: text,
                list_type: Some(ListType::SINGLE_SELECT),
                single_select_reply: MessageField::some(SingleSelectReply { selected_row_id: id }),
                context_info: field(context),
                ..Default::default()
            }),
            ..Default::default()
        },
        ChoiceForm::Interactive => {
            let reply = interactive_response_message::NativeFlowResponseMessage {
                name: Some("quick_reply".to_owned()),
                params_json: Some(json!({"id": chosen.id, "display_text": chosen.text}).to_string()),
                version: Some(FLOW_VERSION),
            };
            wa::Message {
                interactive_response_message: MessageField::some(inner::InteractiveResponseMessage {
                    body: MessageField::some(interactive_response_message::Body { text, ..Default::default() }),
                    context_info: field(context),
                    interactive_response_message: Some(Reply::NativeFlowResponseMessage(Box::new(reply))),
                }),
                ..Default::default()
            }
        }
    }
}

fn product(body: &str, product: &Product, context: Context) -> wa::Message {
    let snapshot = ProductSnapshot {
        product_id: Some(product.id.clone()),
        title: product.title.clone(),
        description: product.description.clone(),
        currency_code: product.currency.clone(),
        price_amount1000: product.price_thousandths,
        url: product.url.clone(),
        ..Default::default()
    };
    wa::Message {
        product_message: MessageField::some(inner::ProductMessage {
            product: MessageField::some(snapshot),
            business_owner_jid: product.owner.as_ref().map(jid::to_wire_text),
            body: Some(body.to_owned()).filter(|it| !it.is_empty()),
            context_info: field(context),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use openwa_model::{
        Timestamp,
        content::{AppointmentPlace, ChoiceSection},
        jid::Jid,
    };

    use super::*;
    use crate::content;

    fn choice(id: &str, text: &str, action: Option<ChoiceAction>) -> Choice {
        Choice { id: id.into(), text: text.into(), description: None, action }
    }

    fn choices_in(sections: Vec<ChoiceSection>, opener: Option<&str>) -> Detail {
        Detail::Choices(Choices {
            form: ChoiceForm::Interactive,
            header: Some("The shop".into()),
            footer: Some("Until six".into()),
            opener: opener.map(str::to_owned),
            sections,
        })
    }

    #[test]
    fn what_is_written_reads_back_as_it_was_meant() {
        let section = |title: Option<&str>, choices| ChoiceSection { title: title.map(str::to_owned), choices };
        let described = Choice { description: Some("two".into()), ..choice("b", "Blue", None) };
        let chosen = |form| Detail::Chosen(Chosen { form, id: "a".into(), text: "Yes".into() });
        let table = [
            (
                "Pier",
                Detail::Location {
                    latitude: 1.5,
                    longitude: -2.5,
                    description: Some("Pier".into()),
                    address: Some("1, Quay".into()),
                    url: None,
                },
            ),
            ("Ada", Detail::Contact { vcards: vec!["BEGIN:VCARD".into()] }),
            ("2 people", Detail::Contact { vcards: vec!["BEGIN:VCARD".into(); 2] }),
            (
                "When?",
                Detail::Poll {
                    name: "When?".into(),
                    options: vec!["Now".into(), "Later".into()],
                    multiple: false,
                    votes: vec![],
                },
            ),
            (
                "Which?",
                Detail::Poll {
                    name: "Which?".into(),
                    options: vec!["A".into(), "B".into()],
                    multiple: true,
                    votes: vec![],
                },
            ),
            (
                "Launch",
                Detail::Event(Appointment {
                    name: "Launch".into(),
                    description: Some("with cake".into()),
                    starts_at: Timestamp::from_second(1_800_000_000).ok(),
                    ends_at: None,
                    place: Some(AppointmentPlace { name: Some("Pier".into()), degrees: None }),
                    join_link: None,
                    takes_guests: true,
                    is_canceled: false,
                    responses: vec![],
                }),
            ),
            (
                "Pick one",
                choices_in(
                    vec![section(
                        None,
                        vec![
                            choice("a", "Yes", None),
                            choice("Site", "Site", Some(ChoiceAction::Url("https://example.org/".into()))),
                            choice("Call", "Call", Some(ChoiceAction::Call("+15550000001".into()))),
                            choice("Copy", "Copy", Some(ChoiceAction::Copy("SAVE".into()))),
                        ],
                    )],
                    None,
                ),
            ),
            (
                "Pick one",
                choices_in(vec![section(Some("Colours"), vec![choice("a", "Red", None), described])], Some("Show")),
            ),
            ("Yes", chosen(ChoiceForm::Buttons)),
            ("Yes", chosen(ChoiceForm::Template)),
            ("Yes", chosen(ChoiceForm::List)),
            ("Yes", chosen(ChoiceForm::Interactive)),
            (
                "The tea",
                Detail::Product(Product {
                    id: "77".into(),
                    owner: Some(Jid::phone("15550000001")),
                    title: Some("Tea".into()),
                    description: None,
                    currency: Some("EUR".into()),
                    price_thousandths: Some(4_500),
                    url: None,
                }),
            ),
        ];
        for (body, detail) in table {
            let message = message(body, &detail, None).unwrap();
            let read = content::read(&message).unwrap();
            assert_eq!((read.kind, &*read.body, read.detail), (detail.kind(), body, Some(detail)));
        }
    }

    #[test]
    fn what_only_whatsapp_makes_is_not_sent() {
        let error = message("", &Detail::Call { video: false, missed: true }, None).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
    }
}
