//! Buttons, lists, what is chosen from them, products and invitations.

use serde_json::{Value, json};
use waproto::whatsapp as wa;
use waproto::whatsapp::message::interactive_message::{
    Body, Footer, Header, InteractiveMessage as Flow, NativeFlowMessage, native_flow_message::NativeFlowButton,
};

use crate::phone::chat::Chat;
use crate::phone::message::{Buttons, Form, GroupInvite, List, Product, Reply, ReplyForm};

pub(super) fn buttons(buttons: &Buttons, context: Option<wa::ContextInfo>) -> wa::Message {
    use wa::message::buttons_message::{Button, HeaderType, button};
    if buttons.form == Form::Template {
        return template(buttons, context);
    }
    if buttons.form == Form::Interactive {
        let flow = buttons.buttons.iter().map(|button| NativeFlowButton {
            name: Some("quick_reply".into()),
            button_params_json: Some(json!({"display_text": button.text, "id": button.id}).to_string()),
        });
        return interactive(None, &buttons.text, buttons.footer.as_deref(), flow.collect(), context);
    }
    let shown = buttons.buttons.iter().map(|button| Button {
        button_id: Some(button.id.clone()),
        button_text: button::ButtonText { display_text: Some(button.text.clone()) }.into(),
        r#type: Some(button::Type::RESPONSE),
        ..Default::default()
    });
    wa::Message {
        buttons_message: wa::message::ButtonsMessage {
            content_text: Some(buttons.text.clone()),
            footer_text: buttons.footer.clone(),
            header_type: Some(HeaderType::EMPTY),
            buttons: shown.collect(),
            context_info: context.into(),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

fn template(buttons: &Buttons, context: Option<wa::ContextInfo>) -> wa::Message {
    use wa::hydrated_template_button::HydratedQuickReplyButton;
    let shown = (0u32..).zip(&buttons.buttons).map(|(index, button)| wa::HydratedTemplateButton {
        index: Some(index),
        hydrated_button: HydratedQuickReplyButton {
            display_text: Some(button.text.clone()),
            id: Some(button.id.clone()),
        }
        .into(),
    });
    wa::Message {
        template_message: wa::message::TemplateMessage {
            hydrated_template: wa::message::template_message::HydratedFourRowTemplate {
                hydrated_content_text: Some(buttons.text.clone()),
                hydrated_footer_text: buttons.footer.clone(),
                hydrated_buttons: shown.collect(),
                ..Default::default()
            }
            .into(),
            context_info: context.into(),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

pub(super) fn list(list: &List, context: Option<wa::ContextInfo>) -> wa::Message {
    use wa::message::list_message::{ListType, Row, Section};
    if list.form != Form::Classic {
        let sections: Vec<Value> = list
            .sections
            .iter()
            .map(|section| {
                let rows = section
                    .rows
                    .iter()
                    .map(|row| json!({"id": row.id, "title": row.title, "description": row.description}));
                json!({"title": section.title, "rows": rows.collect::<Vec<_>>()})
            })
            .collect();
        let select = NativeFlowButton {
            name: Some("single_select".into()),
            button_params_json: Some(json!({"title": list.button, "sections": sections}).to_string()),
        };
        return interactive(list.title.as_deref(), &list.text, list.footer.as_deref(), vec![select], context);
    }
    let sections = list.sections.iter().map(|section| Section {
        title: Some(section.title.clone()),
        rows: section
            .rows
            .iter()
            .map(|row| Row {
                title: Some(row.title.clone()),
                description: row.description.clone(),
                row_id: Some(row.id.clone()),
            })
            .collect(),
    });
    wa::Message {
        list_message: wa::message::ListMessage {
            title: list.title.clone(),
            description: Some(list.text.clone()),
            button_text: Some(list.button.clone()),
            footer_text: list.footer.clone(),
            list_type: Some(ListType::SINGLE_SELECT),
            sections: sections.collect(),
            context_info: context.into(),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

fn interactive(
    title: Option<&str>,
    text: &str,
    footer: Option<&str>,
    buttons: Vec<NativeFlowButton>,
    context: Option<wa::ContextInfo>,
) -> wa::Message {
    let flow = NativeFlowMessage { buttons, message_params_json: None, message_version: Some(1) };
    wa::Message {
        interactive_message: wa::message::InteractiveMessage {
            header: title
                .map(|title| Header {
                    title: Some(title.to_owned()),
                    has_media_attachment: Some(false),
                    ..Default::default()
                })
                .into(),
            body: Body { text: Some(text.to_owned()) }.into(),
            footer: footer.map(|text| Footer { text: Some(text.to_owned()), ..Default::default() }).into(),
            context_info: context.into(),
            interactive_message: Some(Flow::NativeFlowMessage(flow.into())),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

/// What answers buttons or a list; the context quotes the message that had them.
pub(super) fn reply(form: ReplyForm, reply: &Reply, context: wa::ContextInfo) -> wa::Message {
    let mut message = wa::Message::default();
    match form {
        ReplyForm::Button => {
            use wa::message::buttons_response_message::{Response, Type};
            message.buttons_response_message = wa::message::ButtonsResponseMessage {
                selected_button_id: Some(reply.id.clone()),
                r#type: Some(Type::DISPLAY_TEXT),
                response: Some(Response::SelectedDisplayText(reply.text.clone())),
                context_info: context.into(),
            }
            .into();
        }
        ReplyForm::List => {
            use wa::message::list_response_message::{ListType, SingleSelectReply};
            message.list_response_message = wa::message::ListResponseMessage {
                title: Some(reply.text.clone()),
                list_type: Some(ListType::SINGLE_SELECT),
                single_select_reply: SingleSelectReply { selected_row_id: Some(reply.id.clone()) }.into(),
                context_info: context.into(),
                ..Default::default()
            }
            .into();
        }
        ReplyForm::Template => {
            message.template_button_reply_message = wa::message::TemplateButtonReplyMessage {
                selected_id: Some(reply.id.clone()),
                selected_display_text: Some(reply.text.clone()),
                context_info: context.into(),
                ..Default::default()
            }
            .into();
        }
        ReplyForm::Interactive => {
            use wa::message::interactive_response_message::{
                Body, InteractiveResponseMessage as Response, NativeFlowResponseMessage,
            };
            let chosen = NativeFlowResponseMessage {
                name: Some("quick_reply".into()),
                params_json: Some(json!({"id": reply.id}).to_string()),
                version: Some(3),
            };
            message.interactive_response_message = wa::message::InteractiveResponseMessage {
                body: Body { text: Some(reply.text.clone()), ..Default::default() }.into(),
                context_info: context.into(),
                interactive_response_message: Some(Response::NativeFlowResponseMessage(chosen.into())),
            }
            .into();
        }
    }
    message
}

pub(super) fn product(product: &Product, context: Option<wa::ContextInfo>) -> wa::Message {
    wa::Message {
        product_message: wa::message::ProductMessage {
            product: wa::message::product_message::ProductSnapshot {
                product_id: Some(product.id.clone()),
                title: Some(product.title.clone()),
                description: product.description.clone(),
                currency_code: product.currency.clone(),
                price_amount1000: product.price,
                url: product.url.clone(),
                ..Default::default()
            }
            .into(),
            business_owner_jid: Some(jid_text(&product.business)),
            context_info: context.into(),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

pub(super) fn invite(invite: &GroupInvite, context: Option<wa::ContextInfo>) -> wa::Message {
    wa::Message {
        group_invite_message: wa::message::GroupInviteMessage {
            group_jid: Some(invite.group.clone()),
            invite_code: Some(invite.code.clone()),
            group_name: Some(invite.name.clone()),
            context_info: context.into(),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

/// A person or group as messages name it; what is none is passed on as it is.
fn jid_text(chat: &str) -> String {
    let jid = Chat::parse(chat).ok().and_then(|chat| chat.jid());
    jid.map_or_else(|| chat.to_owned(), |jid| jid.to_string())
}
