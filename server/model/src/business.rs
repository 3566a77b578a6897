//! What businesses tell of themselves, and what they sell.

use crate::jid::Jid;

/// What a business tells of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BusinessProfile {
    /// Whose it is.
    pub id: Jid,
    /// What it does, "" when it does not say.
    pub description: String,
    /// Where it is.
    pub address: Option<String>,
    /// How to write to it.
    pub email: Option<String>,
    /// Its pages.
    pub websites: Vec<String>,
    /// What sort of business it is: the names that WhatsApp has for that.
    pub categories: Vec<String>,
    /// Where its hours are counted, such as `Europe/Berlin`.
    pub timezone: Option<String>,
    /// When it is open.
    pub hours: Vec<OpeningHours>,
}

/// When a business is open on one day of the week.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpeningHours {
    /// `mon`, `tue` and so on.
    pub day: String,
    /// `open_24h`, `specific_hours` or `appointment_only`.
    pub mode: String,
    /// From when, in minutes after midnight.
    pub opens: Option<u32>,
    /// Until when, in minutes after midnight.
    pub closes: Option<u32>,
}

/// Something that is for sale.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Product {
    /// WhatsApp's id of it.
    pub id: String,
    /// The seller's own number for it.
    pub retailer_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// What it is, "" when that is not said.
    pub description: String,
    /// What it costs, in thousandths of the currency.
    pub price_thousandths: Option<u64>,
    /// The currency, such as `EUR`.
    pub currency: Option<String>,
    /// A page about it.
    pub url: Option<String>,
    /// Where its picture can be fetched from.
    pub image_url: Option<String>,
    /// Whether it can be had.
    pub is_available: bool,
}

/// Some products of a catalogue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProductPage {
    /// The products.
    pub products: Vec<Product>,
    /// What to go on with; `None` at the end.
    pub after: Option<String>,
}
