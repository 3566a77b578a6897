//! Buttons and lists, and what was chosen from them. WhatsApp has written them in four ways over the years.

use openwa_model::content::{Choice, ChoiceAction, ChoiceForm, ChoiceSection, Choices, Chosen, Detail};
use serde_json::Value;
use whatsapp_rust::waproto::whatsapp::{
    self as wa,
    hydrated_template_button::HydratedButton,
    message::{
        self as inner,
        buttons_message::Header,
        buttons_response_message::Response,
        interactive_message::InteractiveMessage as Payload,
        interactive_response_message::InteractiveResponseMessage as Reply,
        template_message::{Format, HydratedFourRowTemplate, hydrated_four_row_template::Title},
    },
};

use super::{Content, bounded, filled};

/// Lists have ten rows; others may come.
const MOST_CHOICES: usize = 100;

/// Longer parameters of a button are nobody's.
const LONGEST_PARAMETERS: usize = 64 * 1024;

pub(super) fn read(message: &wa::Message) -> Option<Content<'_>> {
    chosen(message).or_else(|| offered(message))
}

fn offered(message: &wa::Message) -> Option<Content<'_>> {
    if let Some(it) = message.buttons_message.as_option() {
        return Some(content(it.content_text.as_deref(), it.context_info.as_option(), buttons(it)));
    }
    if let Some(it) = message.list_message.as_option() {
        let text = it.description.as_deref().or(it.title.as_deref());
        return Some(content(text, it.context_info.as_option(), list(it)));
    }
    if let Some(it) = message.template_message.as_option() {
        let context = it.context_info.as_option();
        let template = match &it.format {
            Some(Format::HydratedFourRowTemplate(it)) => Some(&**it),
            Some(Format::InteractiveMessageTemplate(it)) => {
                let text = it.body.as_option().and_then(|it| it.text.as_deref());
                return Some(content(text, context, interactive(it)));
            }
            _ => it.hydrated_template.as_option(),
        }?;
        return Some(content(template.hydrated_content_text.as_deref(), context, buttons_of_template(template)));
    }
    let it = message.interactive_message.as_option()?;
    let text = it.body.as_option().and_then(|it| it.text.as_deref());
    Some(content(text, it.context_info.as_option(), interactive(it)))
}

fn content<'a>(text: Option<&str>, context: Option<&'a wa::ContextInfo>, choices: Choices) -> Content<'a> {
    let detail = Detail::Choices(choices);
    Content::new(detail.kind(), text, context).with_detail(detail)
}

fn buttons(message: &inner::ButtonsMessage) -> Choices {
    let header = match &message.header {
        Some(Header::Text(text)) => Some(bounded(text)),
        _ => None,
    };
    let choices = message.buttons.iter().map(|it| {
        let text = it.button_text.as_option().and_then(|it| filled(&it.display_text));
        reply(filled(&it.button_id), text)
    });
    let sections = vec![ChoiceSection { title: None, choices: choices.take(MOST_CHOICES).collect() }];
    Choices { form: ChoiceForm::Buttons, header, footer: filled(&message.footer_text), opener: None, sections }
}

fn list(message: &inner::ListMessage) -> Choices {
    let sections = message.sections.iter().take(MOST_CHOICES).map(|section| {
        let rows = section.rows.iter().take(MOST_CHOICES);
        let choices = rows
            .map(|it| Choice { description: filled(&it.description), ..reply(filled(&it.row_id), filled(&it.title)) });
        ChoiceSection { title: filled(&section.title), choices: choices.collect() }
    });
    Choices {
        form: ChoiceForm::List,
        header: filled(&message.title).filter(|_| message.description.is_some()),
        footer: filled(&message.footer_text),
        opener: filled(&message.button_text),
        sections: sections.collect(),
    }
}

fn buttons_of_template(template: &HydratedFourRowTemplate) -> Choices {
    let header = match &template.title {
        Some(Title::HydratedTitleText(text)) => Some(bounded(text)),
        _ => None,
    };
    let choices = template.hydrated_buttons.iter().filter_map(|it| {
        Some(match it.hydrated_button.as_ref()? {
            HydratedButton::QuickReplyButton(it) => reply(filled(&it.id), filled(&it.display_text)),
            HydratedButton::UrlButton(it) => {
                Choice { action: filled(&it.url).map(ChoiceAction::Url), ..reply(None, filled(&it.display_text)) }
            }
            HydratedButton::CallButton(it) => Choice {
                action: filled(&it.phone_number).map(ChoiceAction::Call),
                ..reply(None, filled(&it.display_text))
            },
        })
    });
    let sections = vec![ChoiceSection { title: None, choices: choices.take(MOST_CHOICES).collect() }];
    let footer = filled(&template.hydrated_footer_text);
    Choices { form: ChoiceForm::Template, header, footer, opener: None, sections }
}

fn interactive(message: &inner::InteractiveMessage) -> Choices {
    let mut choices = Choices {
        form: ChoiceForm::Interactive,
        header: message.header.as_option().and_then(|it| filled(&it.title)),
        footer: message.footer.as_option().and_then(|it| filled(&it.text)),
        opener: None,
        sections: Vec::new(),
    };
    let Some(Payload::NativeFlowMessage(flow)) = &message.interactive_message else { return choices };
    let mut plain = Vec::new();
    for button in flow.buttons.iter().take(MOST_CHOICES) {
        let Some(parameters) = parameters(button.button_params_json.as_deref()) else { continue };
        let word = |name: &str| parameters[name].as_str().filter(|it| !it.is_empty()).map(bounded);
        if button.name.as_deref() == Some("single_select") {
            choices.opener = word("title");
            choices.sections.extend(sections(&parameters));
            continue;
        }
        let action = match button.name.as_deref() {
            Some("cta_url") => word("url").map(ChoiceAction::Url),
            Some("cta_call") => word("phone_number").map(ChoiceAction::Call),
            Some("cta_copy") => word("copy_code").map(ChoiceAction::Copy),
            _ => None,
        };
        plain.push(Choice { action, ..reply(word("id"), word("display_text")) });
    }
    if !plain.is_empty() {
        choices.sections.insert(0, ChoiceSection { title: None, choices: plain });
    }
    choices
}

/// The sections of a list that is written as parameters.
fn sections(parameters: &Value) -> Vec<ChoiceSection> {
    let items = |value: &Value| value.as_array().map(Vec::as_slice).unwrap_or_default().to_vec();
    let word = |value: &Value, name: &str| value[name].as_str().filter(|it| !it.is_empty()).map(bounded);
    let sections = items(&parameters["sections"]).into_iter().take(MOST_CHOICES).map(|section| {
        let rows = items(&section["rows"]).into_iter().take(MOST_CHOICES);
        let choices = rows
            .map(|it| Choice { description: word(&it, "description"), ..reply(word(&it, "id"), word(&it, "title")) });
        ChoiceSection { title: word(&section, "title"), choices: choices.collect() }
    });
    sections.collect()
}

/// A choice that answers. Where it has no id, its text is one.
fn reply(id: Option<String>, text: Option<String>) -> Choice {
    let text = text.unwrap_or_default();
    Choice { id: id.unwrap_or_else(|| text.clone()), text, description: None, action: None }
}

fn chosen(message: &wa::Message) -> Option<Content<'_>> {
    let answer = |form: ChoiceForm, id: Option<String>, text: Option<String>, context| {
        let id = id.unwrap_or_default();
        let text = text.unwrap_or_else(|| id.clone());
        let detail = Detail::Chosen(Chosen { form, id, text: text.clone() });
        Some(Content::new(detail.kind(), Some(&text), context).with_detail(detail))
    };
    if let Some(it) = message.template_button_reply_message.as_option() {
        let text = filled(&it.selected_display_text);
        return answer(ChoiceForm::Template, filled(&it.selected_id), text, it.context_info.as_option());
    }
    if let Some(it) = message.list_response_message.as_option() {
        let id = it.single_select_reply.as_option().and_then(|it| filled(&it.selected_row_id));
        return answer(ChoiceForm::List, id, filled(&it.title), it.context_info.as_option());
    }
    if let Some(it) = message.buttons_response_message.as_option() {
        let text = match &it.response {
            Some(Response::SelectedDisplayText(text)) => Some(bounded(text)).filter(|it| !it.is_empty()),
            None => None,
        };
        return answer(ChoiceForm::Buttons, filled(&it.selected_button_id), text, it.context_info.as_option());
    }
    let it = message.interactive_response_message.as_option()?;
    let parameters = match &it.interactive_response_message {
        Some(Reply::NativeFlowResponseMessage(flow)) => parameters(flow.params_json.as_deref()),
        None => None,
    };
    let word = |name: &str| parameters.as_ref().and_then(|it| it[name].as_str()).map(bounded);
    let text = it.body.as_option().and_then(|it| filled(&it.text)).or_else(|| word("display_text"));
    answer(ChoiceForm::Interactive, word("id"), text, it.context_info.as_option())
}

/// What a button carries, as its sender wrote it.
fn parameters(text: Option<&str>) -> Option<Value> {
    let text = text.filter(|it| it.len() <= LONGEST_PARAMETERS)?;
    serde_json::from_str(text).ok().filter(Value::is_object)
}
