//! Contacts: whether a number is on WhatsApp.

use openwa_core::Gateway;
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Serialize;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{AllChats, Caller, Operator},
    error::ApiError,
    wire::{Nullable, SessionPath},
};

pub(crate) struct Contacts(pub(crate) Gateway);

/// What WhatsApp says about a number.
#[derive(Object, Serialize)]
#[oai(rename = "NumberCheck", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct NumberCheckResponse {
    /// The number asked about, digits only.
    number: String,
    /// Whether it is on WhatsApp.
    exists: bool,
    /// Its id, to send to.
    whatsapp_id: Nullable<String>,
    /// Its hidden id, where WhatsApp told it.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    lid: Option<String>,
}

#[OpenApi]
impl Contacts {
    /// Check whether a number is on WhatsApp
    ///
    /// The answer holds the id to send to.
    #[oai(
        path = "/sessions/:sessionId/contacts/check/:number",
        method = "get",
        operation_id = "checkNumber",
        tag = "Tag::Contacts"
    )]
    async fn check(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// With country code; a `+` in front and spaces are no matter.
        number: Path<String>,
    ) -> Answer<Shown<NumberCheckResponse>> {
        let digits = digits_of(&number.0)
            .ok_or_else(|| ApiError::invalid("number must be a phone number with country code, 6 to 15 digits"))?;
        let check = self.0.check_number(session.0.id()?, &digits).await?;
        Ok(Shown(NumberCheckResponse {
            number: check.number,
            exists: check.id.is_some(),
            whatsapp_id: Nullable(check.id.map(|it| it.to_string())),
            lid: check.lid.map(|it| it.to_string()),
        }))
    }
}

fn digits_of(text: &str) -> Option<String> {
    let text = text.strip_suffix("@c.us").unwrap_or(text);
    let digits: String = text.trim().trim_start_matches('+').chars().filter(|it| *it != ' ').collect();
    let good = (6..=15).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
    good.then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, digits) in [
            ("15550000001", Some("15550000001")),
            ("+1 555 0000001", Some("15550000001")),
            ("15550000001@c.us", Some("15550000001")),
            ("12345", None),
            ("1234567890123456", None),
            ("1555-000", None),
            ("", None),
        ] {
            assert_eq!(digits_of(text).as_deref(), digits, "{text}");
        }
    }
}
