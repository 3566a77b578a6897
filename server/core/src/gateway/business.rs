//! Businesses: what they tell of themselves, and what this account sells.

use openwa_model::{
    business::{BusinessProfile, Product},
    id::SessionId,
    jid::Jid,
    ops::{GetBusinessProfile, ListProducts, Op},
    store::Page,
};

use super::{Gateway, Result};
use crate::error::GatewayError;

/// How many products are asked for at once.
const PRODUCTS_AT_ONCE: u32 = 100;
/// A catalogue is read no further than this many pages.
const MOST_PAGES: usize = 50;

/// What this account sells, as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Catalog {
    /// Whose it is.
    pub owner: Jid,
    /// What the business is called.
    pub name: String,
    /// What it says about itself.
    pub description: Option<String>,
    /// How many products it holds.
    pub products: usize,
}

impl Gateway {
    /// What a business tells of itself.
    pub async fn business_profile(&self, session: SessionId, person: Jid) -> Result<BusinessProfile> {
        let unknown = || GatewayError::BusinessNotFound;
        self.ask(session, GetBusinessProfile { person }, unknown).await?.ok_or(GatewayError::BusinessNotFound)
    }

    /// What this account sells, as a whole.
    pub async fn catalog(&self, session: SessionId) -> Result<Catalog> {
        let (owner, name) = self.seller(session).await?;
        let products = self.all_products(session, &owner).await?.len();
        let asked = self.business_profile(session, owner.clone()).await;
        let description = match asked {
            Ok(profile) => Some(profile.description).filter(|it| !it.is_empty()),
            Err(GatewayError::BusinessNotFound) if products > 0 => None,
            Err(GatewayError::BusinessNotFound) => return Err(GatewayError::CatalogNotFound),
            Err(error) => return Err(error),
        };
        Ok(Catalog { owner, name, description, products })
    }

    /// What this account sells, page by page, and how much that is in all.
    pub async fn products(&self, session: SessionId, page: Page) -> Result<(Jid, Vec<Product>, usize)> {
        let (owner, _) = self.seller(session).await?;
        let all = self.all_products(session, &owner).await?;
        let total = all.len();
        let products = all.into_iter().skip(page.offset as usize).take(page.limit as usize).collect();
        Ok((owner, products, total))
    }

    /// One product of this account.
    pub async fn product(&self, session: SessionId, id: &str) -> Result<(Jid, Product)> {
        let (owner, _) = self.seller(session).await?;
        let found = self.all_products(session, &owner).await?.into_iter().find(|it| it.id == id);
        Ok((owner, found.ok_or(GatewayError::ProductNotFound)?))
    }

    /// This account, and what it is called.
    async fn seller(&self, session: SessionId) -> Result<(Jid, String)> {
        let running = self.running(session).await?;
        running.check(Op::ListProducts)?;
        let account = running.account().ok_or_else(|| GatewayError::SessionNotReady(running.status()))?;
        let name = account.push_name.unwrap_or_else(|| account.phone.user().to_owned());
        Ok((account.phone, name))
    }

    /// WhatsApp tells no total, so it is read to the end.
    async fn all_products(&self, session: SessionId, owner: &Jid) -> Result<Vec<Product>> {
        let (mut all, mut after) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let operation = ListProducts { owner: owner.clone(), limit: PRODUCTS_AT_ONCE, after };
            let page = self.ask(session, operation, || GatewayError::CatalogNotFound).await?;
            let is_empty = page.products.is_empty();
            all.extend(page.products);
            after = page.after;
            if is_empty || after.is_none() {
                break;
            }
        }
        Ok(all)
    }
}
