//! What a business shows of itself: its profile, its products and their collections.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};

/// The profile of a business and what it offers.
#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(deny_unknown_fields, rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(default)]
pub struct Business {
    /// The name WhatsApp has confirmed.
    #[oai(validator(max_length = 200))]
    pub verified_name: Option<String>,
    #[oai(validator(max_length = 2000))]
    pub description: Option<String>,
    pub address: Option<String>,
    pub email: Option<String>,
    #[oai(default, validator(max_items = 10))]
    pub websites: Vec<String>,
    #[oai(default, validator(max_items = 10))]
    pub categories: Vec<Category>,
    pub hours: Option<Hours>,
    #[oai(default, validator(max_items = 1000))]
    pub products: Vec<Product>,
    #[oai(default, validator(max_items = 100))]
    pub collections: Vec<Collection>,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(rename = "BusinessCategory", deny_unknown_fields)]
pub struct Category {
    pub id: String,
    pub name: String,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(rename = "BusinessHours", deny_unknown_fields)]
pub struct Hours {
    /// As the IANA names it, such as `Europe/Berlin`.
    pub timezone: String,
    #[oai(validator(max_items = 14))]
    pub days: Vec<Day>,
}

#[derive(Object, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[oai(rename = "BusinessDay", deny_unknown_fields, skip_serializing_if_is_none)]
pub struct Day {
    pub day: Weekday,
    pub mode: Mode,
    /// In minutes since midnight.
    pub open: Option<u32>,
    /// In minutes since midnight.
    pub close: Option<u32>,
}

#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[oai(rename_all = "lowercase")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[oai(rename = "BusinessDayMode")]
pub enum Mode {
    #[oai(rename = "open_24h")]
    AllDay,
    #[oai(rename = "specific_hours")]
    SpecificHours,
    #[oai(rename = "appointment_only")]
    AppointmentOnly,
}

impl Weekday {
    pub(crate) fn as_wire(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }
}

impl Mode {
    pub(crate) fn as_wire(self) -> &'static str {
        match self {
            Self::AllDay => "open_24h",
            Self::SpecificHours => "specific_hours",
            Self::AppointmentOnly => "appointment_only",
        }
    }
}

/// One product of a catalogue.
#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(rename = "CatalogProduct", deny_unknown_fields, rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(default)]
pub struct Product {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    /// In thousandths of the currency.
    pub price: Option<i64>,
    /// As ISO 4217 names it, such as `EUR`.
    pub currency: Option<String>,
    pub url: Option<String>,
    /// Where its picture is.
    pub image: Option<String>,
    /// The number by which the business itself knows it.
    pub retailer_id: Option<String>,
    #[oai(default)]
    pub is_hidden: bool,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(rename = "CatalogCollection", deny_unknown_fields)]
pub struct Collection {
    pub id: String,
    pub name: String,
    /// The ids of its products.
    pub products: Vec<String>,
}
