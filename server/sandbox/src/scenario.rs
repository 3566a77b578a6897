//! How an account behaves where WhatsApp treats some accounts differently from others: told by the
//! name the account was created with, so that a client that announces such a name when it is
//! linked gets such an account.
//!
//! `restricted:Ann` is closed to strangers. `scenario:FLAG,FLAG:Ann` has any of these flags:
//! `restricted`; `tc_enabled=0` and `cs_enabled=0`, which tokens open it (see `privacy_token`);
//! `nct_send_ab=1`, `nct_syncd_ab=1` and `nct_history_ab=1`, which properties its clients are told;
//! `nct_syncd_delivery=1` and `nct_history_delivery=1`, how its clients get the salt of their tokens.

use wacore::iq::abprops::{AbProp, web};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    /// Only people it has written to may write to it, see its picture and its presence.
    pub(crate) is_restricted: bool,
    pub(crate) takes_trust_tokens: bool,
    pub(crate) takes_contact_tokens: bool,
    /// The phone tells new clients the salt with the history.
    pub(crate) salt_by_history: bool,
    /// The phone writes the salt into the app state.
    pub(crate) salt_by_app_state: bool,
    /// Codes of the properties that are switched on for its clients.
    properties: Vec<u32>,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            is_restricted: false,
            takes_trust_tokens: true,
            takes_contact_tokens: true,
            salt_by_history: false,
            salt_by_app_state: false,
            // As on WhatsApp, every client shows the tokens it was given.
            properties: vec![web::PRIVACY_TOKEN_SENDING_ON_ALL_1_ON_1_MESSAGES.code],
        }
    }
}

impl Scenario {
    pub(crate) fn of(name: &str) -> Self {
        let mut scenario = Self::default();
        if name.starts_with("restricted:") {
            scenario.is_restricted = true;
        } else if let Some((flags, _)) = name.strip_prefix("scenario:").and_then(|rest| rest.split_once(':')) {
            for flag in flags.split(',') {
                scenario.set(flag);
            }
        }
        scenario
    }

    /// The codes of the properties that are switched on.
    pub(crate) fn properties(&self) -> &[u32] {
        &self.properties
    }

    fn set(&mut self, flag: &str) {
        let (flag, is_on) = match flag.split_once('=') {
            Some((flag, value)) => (flag, value == "1"),
            None => (flag, true),
        };
        match flag {
            "restricted" => self.is_restricted = is_on,
            "tc_enabled" => self.takes_trust_tokens = is_on,
            "cs_enabled" => self.takes_contact_tokens = is_on,
            "nct_history_delivery" => self.salt_by_history = is_on,
            "nct_syncd_delivery" => self.salt_by_app_state = is_on,
            "nct_send_ab" => self.switch(web::WA_NCT_TOKEN_SEND_ENABLED, is_on),
            "nct_syncd_ab" => self.switch(web::WA_NCT_TOKEN_SYNCD_ENABLED, is_on),
            "nct_history_ab" => self.switch(web::WA_NCT_TOKEN_HISTORY_SYNC_ENABLED, is_on),
            flag => tracing::warn!(flag, "a name asks for a scenario that is not known"),
        }
    }

    fn switch(&mut self, property: AbProp, is_on: bool) {
        self.properties.retain(|code| *code != property.code);
        if is_on {
            self.properties.push(property.code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_name_asks_for_nothing() {
        for name in ["Ann", "scenario", "scenario:restricted", "Restricted:Ann", ""] {
            assert_eq!(Scenario::of(name), Scenario::default(), "{name}");
        }
    }

    #[test]
    fn flags_are_read_from_the_name() {
        assert!(Scenario::of("restricted:Ann").is_restricted);
        let scenario = Scenario::of("scenario:restricted,tc_enabled=0,nct_send_ab=1,nct_history_delivery=1:Ann:Bee");
        assert!(scenario.is_restricted && scenario.takes_contact_tokens && scenario.salt_by_history);
        assert!(!scenario.takes_trust_tokens && !scenario.salt_by_app_state);
        assert!(scenario.properties().contains(&web::WA_NCT_TOKEN_SEND_ENABLED.code));
        assert!(!scenario.properties().contains(&web::WA_NCT_TOKEN_SYNCD_ENABLED.code));
    }
}
