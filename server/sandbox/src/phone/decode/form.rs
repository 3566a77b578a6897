//! Buttons, lists, what is chosen from them, products and invitations.

use serde_json::Value;
use waproto::whatsapp as wa;
use waproto::whatsapp::hydrated_template_button::HydratedButton;
use waproto::whatsapp::message::interactive_message::InteractiveMessage as Flow;

use super::{Read, plain};
use crate::phone::message::{
    Button, Buttons, Content, Form, GroupInvite, List, Product, Reply, ReplyForm, Row, Section,
};

pub(super) fn read(message: &wa::Message) -> Option<Read<'_>> {
    if let Some(buttons) = message.buttons_message.as_option() {
        return Some((classic_buttons(buttons), buttons.context_info.as_option()));
    }
    if let Some(list) = message.list_message.as_option() {
        return Some((classic_list(list), list.context_info.as_option()));
    }
    if let Some(interactive) = message.interactive_message.as_option() {
        return Some((flow(interactive), interactive.context_info.as_option()));
    }
    if let Some(template) = message.template_message.as_option() {
        return Some((template_buttons(template), template.context_info.as_option()));
    }
    reply(message).or_else(|| offer(message))
}

fn classic_buttons(message: &wa::message::ButtonsMessage) -> Content {
    let buttons = message.buttons.iter().map(|button| Button {
        id: button.button_id.clone().unwrap_or_default(),
        text: button.button_text.display_text.clone().unwrap_or_default(),
    });
    Content::Buttons(Buttons {
        text: message.content_text.clone().unwrap_or_default(),
        footer: message.footer_text.clone(),
        buttons: buttons.collect(),
        form: Form::Classic,
    })
}

fn classic_list(message: &wa::message::ListMessage) -> Content {
    let sections = message.sections.iter().map(|section| Section {
        title: section.title.clone().unwrap_or_default(),
        rows: section
            .rows
            .iter()
            .map(|row| Row {
                id: row.row_id.clone().unwrap_or_default(),
                title: row.title.clone().unwrap_or_default(),
                description: row.description.clone(),
            })
            .collect(),
    });
    Content::List(List {
        title: message.title.clone(),
        text: message.description.clone().unwrap_or_default(),
        button: message.button_text.clone().unwrap_or_default(),
        footer: message.footer_text.clone(),
        sections: sections.collect(),
        form: Form::Classic,
    })
}

/// A native flow: a list when it has a button that opens one, else buttons.
fn flow(message: &wa::message::InteractiveMessage) -> Content {
    let text = message.body.text.clone().unwrap_or_default();
    let footer = message.footer.text.clone();
    let Some(Flow::NativeFlowMessage(flow)) = &message.interactive_message else {
        return Content::Other { name: "interactive".into() };
    };
    let buttons: Vec<(&str, Value)> = flow
        .buttons
        .iter()
        .map(|button| {
            let said = button.button_params_json.as_deref().unwrap_or_default();
            (button.name.as_deref().unwrap_or_default(), serde_json::from_str(said).unwrap_or_default())
        })
        .collect();
    if let Some((_, said)) = buttons.iter().find(|(name, _)| *name == "single_select") {
        return Content::List(List {
            title: message.header.title.clone(),
            text,
            button: word(said, "title"),
            footer,
            sections: children(said, "sections").iter().map(section).collect(),
            form: Form::Interactive,
        });
    }
    let buttons = buttons.iter().map(|(_, said)| Button {
        id: ["id", "url", "phone_number", "copy_code"]
            .into_iter()
            .map(|name| word(said, name))
            .find(|word| !word.is_empty())
            .unwrap_or_default(),
        text: word(said, "display_text"),
    });
    Content::Buttons(Buttons { text, footer, buttons: buttons.collect(), form: Form::Interactive })
}

fn section(said: &Value) -> Section {
    let rows = children(said, "rows").iter().map(|row| Row {
        id: word(row, "id"),
        title: word(row, "title"),
        description: Some(word(row, "description")).filter(|text| !text.is_empty()),
    });
    Section { title: word(said, "title"), rows: rows.collect() }
}

fn word(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn children<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn template_buttons(message: &wa::message::TemplateMessage) -> Content {
    use wa::message::template_message::Format;
    let rows = match &message.format {
        Some(Format::HydratedFourRowTemplate(rows)) => Some(rows.as_ref()),
        Some(Format::InteractiveMessageTemplate(interactive)) => return flow(interactive),
        _ => message.hydrated_template.as_option(),
    };
    let Some(rows) = rows else {
        return Content::Other { name: "template".into() };
    };
    let words = |id: &Option<String>, text: &Option<String>| Button {
        id: id.clone().unwrap_or_default(),
        text: text.clone().unwrap_or_default(),
    };
    let buttons = rows.hydrated_buttons.iter().filter_map(|button| {
        Some(match button.hydrated_button.as_ref()? {
            HydratedButton::QuickReplyButton(button) => words(&button.id, &button.display_text),
            HydratedButton::UrlButton(button) => words(&button.url, &button.display_text),
            HydratedButton::CallButton(button) => words(&button.phone_number, &button.display_text),
        })
    });
    Content::Buttons(Buttons {
        text: rows.hydrated_content_text.clone().unwrap_or_default(),
        footer: rows.hydrated_footer_text.clone(),
        buttons: buttons.collect(),
        form: Form::Template,
    })
}

fn reply(message: &wa::Message) -> Option<Read<'_>> {
    let (form, context, id, text) = if let Some(reply) = message.buttons_response_message.as_option() {
        let text = reply.response.as_ref().map(|response| {
            let wa::message::buttons_response_message::Response::SelectedDisplayText(text) = response;
            text.clone()
        });
        (ReplyForm::Button, &reply.context_info, reply.selected_button_id.clone(), text)
    } else if let Some(reply) = message.list_response_message.as_option() {
        let id = reply.single_select_reply.selected_row_id.clone();
        (ReplyForm::List, &reply.context_info, id, reply.title.clone())
    } else if let Some(reply) = message.template_button_reply_message.as_option() {
        (ReplyForm::Template, &reply.context_info, reply.selected_id.clone(), reply.selected_display_text.clone())
    } else {
        use wa::message::interactive_response_message::InteractiveResponseMessage as Response;
        let reply = message.interactive_response_message.as_option()?;
        let id = reply.interactive_response_message.as_ref().map(|response| {
            let Response::NativeFlowResponseMessage(chosen) = response;
            let said = chosen.params_json.as_deref().unwrap_or_default();
            word(&serde_json::from_str(said).unwrap_or_default(), "id")
        });
        (ReplyForm::Interactive, &reply.context_info, id, reply.body.text.clone())
    };
    let context = context.as_option();
    let content = Content::Reply {
        form,
        target: context.and_then(|context| context.stanza_id.clone()).unwrap_or_default(),
        reply: Reply { id: id.unwrap_or_default(), text: text.unwrap_or_default() },
    };
    Some((content, context))
}

fn offer(message: &wa::Message) -> Option<Read<'_>> {
    if let Some(invite) = message.group_invite_message.as_option() {
        let content = Content::GroupInvite(GroupInvite {
            group: invite.group_jid.clone().unwrap_or_default(),
            code: invite.invite_code.clone().unwrap_or_default(),
            name: invite.group_name.clone().unwrap_or_default(),
        });
        return Some((content, invite.context_info.as_option()));
    }
    let offered = message.product_message.as_option()?;
    let Some(product) = offered.product.as_option() else {
        return Some(plain(Content::Other { name: "product".into() }));
    };
    let content = Content::Product(Product {
        id: product.product_id.clone().unwrap_or_default(),
        business: offered.business_owner_jid.clone().unwrap_or_default(),
        title: product.title.clone().unwrap_or_default(),
        description: product.description.clone(),
        price: product.price_amount1000,
        currency: product.currency_code.clone(),
        url: product.url.clone(),
    });
    Some((content, offered.context_info.as_option()))
}
