//! Who may see what of the account, in WhatsApp's words.

use std::collections::BTreeMap;

use openwa_model::{
    engine::EngineError,
    ops::SetPrivacy,
    privacy::{PrivacyCategory, PrivacyValue},
};
use wacore::iq::privacy::{PrivacyCategory as WireCategory, PrivacyValue as WireValue};

use crate::{failure, operations::Operations};

impl Operations<'_> {
    pub(crate) async fn privacy(&self) -> Result<BTreeMap<PrivacyCategory, PrivacyValue>, EngineError> {
        let told = self.link.client.fetch_privacy_settings().await;
        let told = told.map_err(|error| failure::of_request("WhatsApp did not tell who may see what", error))?;
        let of = |category: PrivacyCategory| {
            let value = told.get_value(&to_wire(category))?;
            Some((category, PrivacyValue::of(value.as_str())?))
        };
        Ok(PrivacyCategory::ALL.into_iter().filter_map(of).collect())
    }

    pub(crate) async fn set_privacy(&self, SetPrivacy { category, value }: SetPrivacy) -> Result<(), EngineError> {
        let set = self.link.client.set_privacy_setting(to_wire(category), WireValue::from(value.name())).await;
        set.map(drop).map_err(|error| failure::of_request("WhatsApp did not change who may see what", error))
    }
}

fn to_wire(category: PrivacyCategory) -> WireCategory {
    match category {
        PrivacyCategory::LastSeen => WireCategory::Last,
        PrivacyCategory::Online => WireCategory::Online,
        PrivacyCategory::ProfilePicture => WireCategory::Profile,
        PrivacyCategory::About => WireCategory::Status,
        PrivacyCategory::GroupAdd => WireCategory::GroupAdd,
        PrivacyCategory::ReadReceipts => WireCategory::ReadReceipts,
        PrivacyCategory::CallAdd => WireCategory::CallAdd,
        PrivacyCategory::Messages => WireCategory::Messages,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_chosen_is_what_whatsapp_takes() {
        for category in PrivacyCategory::ALL {
            for value in category.choices() {
                let value = WireValue::from(value.name());
                assert!(to_wire(category).is_valid_value(&value), "{category:?} {value:?}");
            }
        }
    }
}
