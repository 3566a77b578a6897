//! Businesses.

use serde_json::{Value, json};

use super::SHOP;

pub(super) fn of(name: &str) -> Option<Value> {
    Some(match name {
        "BusinessHours" => json!({"day": "mon", "mode": "specific_hours", "opens": 540, "closes": 1_080}),
        "BusinessProfile" => json!({
            "id": SHOP, "description": "Tea and cake", "address": "1 Pier Road", "email": "shop@example.org",
            "websites": ["https://example.org"], "categories": ["Cafe"], "timezone": "Europe/Berlin",
            "hours": [of("BusinessHours")?],
        }),
        "CatalogInfo" => json!({
            "id": SHOP, "name": "The shop", "description": "Tea and cake", "productCount": 1,
            "url": "https://wa.me/c/15550000001",
        }),
        "CatalogProduct" => json!({
            "id": "6130293127001234", "name": "Green tea", "description": "100 g", "price": 12.5, "currency": "EUR",
            "priceFormatted": "EUR 12.50", "url": "https://wa.me/p/6130293127001234/15550000001",
            "isAvailable": true, "retailerId": "TEA-1",
        }),
        "CatalogPagination" => json!({"page": 1, "limit": 20, "total": 1, "totalPages": 1}),
        "CatalogProducts" => {
            json!({"products": [of("CatalogProduct")?], "pagination": of("CatalogPagination")?})
        }
        _ => return None,
    })
}
