//! Businesses: what they tell of themselves, and what this account sells.

use openwa_core::Gateway;
use openwa_model::{
    business::{BusinessProfile, OpeningHours, Product},
    jid::{ChatKind, Jid},
    store::Page,
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{AllChats, Caller, OneChat, Viewer},
    error::ApiError,
    wire::{SessionPath, chat_of},
};

pub(crate) struct Businesses(pub(crate) Gateway);

/// What a business tells of itself.
#[derive(Object, Serialize)]
#[oai(rename = "BusinessProfile", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BusinessProfileResponse {
    /// Whose it is.
    id: String,
    /// What it does.
    description: String,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// How to write to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Its pages.
    websites: Vec<String>,
    /// What sort of business it is.
    categories: Vec<String>,
    /// Where its hours are counted, such as `Europe/Berlin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    /// When it is open.
    hours: Vec<BusinessHours>,
}

/// When a business is open on one day of the week.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BusinessHours {
    /// `mon`, `tue` and so on.
    day: String,
    /// `open_24h`, `specific_hours` or `appointment_only`.
    mode: String,
    /// From when, in minutes after midnight.
    #[serde(skip_serializing_if = "Option::is_none")]
    opens: Option<u32>,
    /// Until when, in minutes after midnight.
    #[serde(skip_serializing_if = "Option::is_none")]
    closes: Option<u32>,
}

impl From<OpeningHours> for BusinessHours {
    fn from(it: OpeningHours) -> Self {
        Self { day: it.day, mode: it.mode, opens: it.opens, closes: it.closes }
    }
}

impl From<BusinessProfile> for BusinessProfileResponse {
    fn from(it: BusinessProfile) -> Self {
        Self {
            id: it.id.to_string(),
            description: it.description,
            address: it.address,
            email: it.email,
            websites: it.websites,
            categories: it.categories,
            timezone: it.timezone,
            hours: it.hours.into_iter().map(Into::into).collect(),
        }
    }
}

/// What this account sells, as a whole.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CatalogInfo {
    /// Whose it is.
    id: String,
    /// What the business is called.
    name: String,
    /// What it says about itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// How many products it holds.
    product_count: u64,
    /// The page where it is shown.
    url: String,
}

/// Some products.
#[derive(Object, Serialize)]
pub(crate) struct CatalogProducts {
    /// The products.
    products: Vec<CatalogProduct>,
    /// Which of them these are.
    pagination: CatalogPagination,
}

/// Which part of a catalogue this is.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct CatalogPagination {
    /// The number of the page, counted from 1.
    page: u32,
    /// How many a page has at most.
    limit: u32,
    /// How many products there are.
    total: u64,
    /// How many pages there are.
    total_pages: u64,
}

/// Something that is for sale.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CatalogProduct {
    /// WhatsApp's id of it.
    id: String,
    /// What it is called.
    name: String,
    /// What it is.
    description: String,
    /// What it costs; absent where the seller does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<f64>,
    /// The currency, such as `EUR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// What it costs, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_formatted: Option<String>,
    /// Where its picture can be fetched from.
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<String>,
    /// The page where it is shown.
    url: String,
    /// Whether it can be had.
    is_available: bool,
    /// The seller's own number for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    retailer_id: Option<String>,
}

impl CatalogProduct {
    fn of(owner: &Jid, it: Product) -> Self {
        let price = it.price_thousandths;
        let formatted = price.map(|price| {
            let amount = format!("{}.{:02}", price / 1_000, price % 1_000 / 10);
            it.currency.as_ref().map_or_else(|| amount.clone(), |currency| format!("{currency} {amount}"))
        });
        Self {
            url: it.url.unwrap_or_else(|| format!("https://wa.me/p/{}/{}", it.id, owner.user())),
            id: it.id,
            name: it.name,
            description: it.description,
            // Prices are far below where a double cannot say each thousandth.
            price: price.map(|it| it as f64 / 1_000.0),
            currency: it.currency,
            price_formatted: formatted,
            image_url: it.image_url,
            is_available: it.is_available,
            retailer_id: it.retailer_id,
        }
    }
}

fn first_page() -> u32 {
    1
}

fn usual_page() -> u32 {
    20
}

#[OpenApi]
impl Businesses {
    /// Get what a business tells of itself
    #[oai(
        path = "/sessions/:sessionId/contacts/:contactId/business-profile",
        method = "get",
        operation_id = "getContactBusinessProfile",
        tag = "Tag::Contacts"
    )]
    async fn profile(
        &self,
        _caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The business: `<number>@c.us` or `<id>@lid`.
        #[oai(name = "contactId")]
        contact: Path<String>,
    ) -> Answer<Shown<BusinessProfileResponse>> {
        let (session, person) = (session.0.id()?, chat_of(&contact.0)?);
        if person.kind() != ChatKind::Individual {
            return Err(ApiError::invalid("contactId must be a person: <number>@c.us or <id>@lid"));
        }
        Ok(Shown(self.0.business_profile(session, person).await?.into()))
    }

    /// Get the catalogue of this account
    ///
    /// Only business accounts have one.
    #[oai(path = "/sessions/:sessionId/catalog", method = "get", operation_id = "getCatalog", tag = "Tag::Catalog")]
    async fn catalog(
        &self,
        _caller: Caller<Viewer, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<CatalogInfo>> {
        let catalog = self.0.catalog(session.0.id()?).await?;
        Ok(Shown(CatalogInfo {
            url: format!("https://wa.me/c/{}", catalog.owner.user()),
            id: catalog.owner.to_string(),
            name: catalog.name,
            description: catalog.description,
            product_count: catalog.products as u64,
        }))
    }

    /// List the products of this account
    #[oai(
        path = "/sessions/:sessionId/catalog/products",
        method = "get",
        operation_id = "listCatalogProducts",
        tag = "Tag::Catalog"
    )]
    async fn products(
        &self,
        _caller: Caller<Viewer, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The number of the page, counted from 1.
        #[oai(default = "first_page", validator(minimum(value = "1"), maximum(value = "100000")))]
        page: Query<u32>,
        /// How many a page has at most.
        #[oai(default = "usual_page", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u32>,
    ) -> Answer<Shown<CatalogProducts>> {
        let (page, limit) = (page.0, limit.0);
        let window = Page { limit, offset: (page - 1) * limit };
        let (owner, products, total) = self.0.products(session.0.id()?, window).await?;
        let total = total as u64;
        let pagination = CatalogPagination { page, limit, total, total_pages: total.div_ceil(u64::from(limit)) };
        let products = products.into_iter().map(|it| CatalogProduct::of(&owner, it)).collect();
        Ok(Shown(CatalogProducts { products, pagination }))
    }

    /// Get a product of this account
    #[oai(
        path = "/sessions/:sessionId/catalog/products/:productId",
        method = "get",
        operation_id = "getCatalogProduct",
        tag = "Tag::Catalog"
    )]
    async fn product(
        &self,
        _caller: Caller<Viewer, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "productId")] product: Path<String>,
    ) -> Answer<Shown<CatalogProduct>> {
        let (owner, product) = self.0.product(session.0.id()?, &product.0).await?;
        Ok(Shown(CatalogProduct::of(&owner, product)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_told_in_the_currency_and_for_a_person() {
        let owner = Jid::phone("15550000001");
        for (thousandths, currency, price, formatted) in [
            (Some(12_500), Some("EUR"), Some(12.5), Some("EUR 12.50")),
            (Some(999), None, Some(0.999), Some("0.99")),
            (None, Some("EUR"), None, None),
        ] {
            let product = Product {
                id: "1".into(),
                retailer_id: None,
                name: "Tea".into(),
                description: String::new(),
                price_thousandths: thousandths,
                currency: currency.map(str::to_owned),
                url: None,
                image_url: None,
                is_available: true,
            };
            let told = CatalogProduct::of(&owner, product);
            assert_eq!((told.price, told.price_formatted.as_deref()), (price, formatted));
            assert_eq!(told.url, "https://wa.me/p/1/15550000001");
        }
    }
}
