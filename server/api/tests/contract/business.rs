//! Businesses and catalogues, section 1.5 of the contract.

use serde_json::json;

use crate::house::{ADA, House};

/// The last product.
const LAST: &str = "5551234567890123";
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

#[tokio::test]
async fn a_catalogue_is_told_as_a_whole_in_pages_and_piece_by_piece() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let base = format!("/api/sessions/{id}");
    let catalog = json!({
        "id": "15550000009@c.us", "name": "Gateway", "description": "Tea and cake", "productCount": 3,
        "url": "https://wa.me/c/15550000009",
    });
    assert_eq!(house.get(&format!("{base}/catalog")).await.good(200), catalog);
    let second = house.get(&format!("{base}/catalog/products?page=2&limit=2")).await.good(200);
    let product = json!({
        "id": LAST, "name": format!("Tea {LAST}"), "description": "", "price": 12.5, "currency": "EUR", "priceFormatted": "EUR 12.50",
        "url": format!("https://wa.me/p/{LAST}/15550000009"), "isAvailable": true,
    });
    let pagination = json!({"page": 2, "limit": 2, "total": 3, "totalPages": 2});
    assert_eq!(second, json!({"products": [product], "pagination": pagination}));
    assert_eq!(house.get(&format!("{base}/catalog/products/{LAST}")).await.good(200), product);
    let unknown = house.get(&format!("{base}/catalog/products/4")).await;
    assert_eq!(unknown.failed(404), "Product not found");
    house.get(&format!("{base}/catalog/products?page=0")).await.failed(400);
    let one = format!("catalog/products/{LAST}");
    for path in ["catalog", "catalog/products", &one, "contacts/15550000001@c.us/business-profile"] {
        house.get(&format!("/api/sessions/{NOBODY}/{path}")).await.failed(404);
    }
}

#[tokio::test]
async fn a_business_tells_of_itself_and_others_are_none() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let ask = async |who: &str| house.get(&format!("/api/sessions/{id}/contacts/{who}/business-profile")).await;
    let profile = json!({
        "id": ADA, "description": "Tea and cake", "websites": ["https://example.org"], "categories": ["Cafe"],
        "hours": [],
    });
    assert_eq!(ask(ADA).await.good(200), profile);
    let none = ask("15550000003@c.us").await;
    assert_eq!(none.failed(404), "This account is no business");
    assert_eq!(none.body["code"], "BUSINESS_NOT_FOUND");
    ask("120363000000000001@g.us").await.failed(400);
}
