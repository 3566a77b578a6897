//! What businesses tell of themselves, and what they sell. The library knows profiles; catalogues are
//! asked for here, in the words of `w:biz:catalog`.

use openwa_model::{
    business::{BusinessProfile, OpeningHours, Product, ProductPage},
    engine::EngineError,
    jid::Jid,
    ops::ListProducts,
};
use wacore::{iq::spec::IqSpec, request::InfoQuery};
use whatsapp_rust::{
    Client, NodeBuilder, anyhow,
    wacore_binary::{self as wire, NodeContent, NodeContentRef, NodeRef},
};

use crate::{failure, jid};

/// The longest text that is taken over, in characters.
const LONGEST_TEXT: usize = 5_000;
/// How many pages, categories or hours are taken over.
const MOST_ITEMS: usize = 50;
/// How large pictures of products are asked for.
const PICTURE_EDGE: &str = "600";

pub(crate) async fn profile(client: &Client, person: &Jid) -> Result<Option<BusinessProfile>, EngineError> {
    let found = client.get_business_profile(&jid::to_wire(person)).await;
    let found = found.map_err(|error| failure::of_request("WhatsApp did not tell about the business", error))?;
    Ok(found.map(|it| BusinessProfile {
        id: person.clone(),
        description: bounded(&it.description),
        address: it.address.as_deref().map(bounded).filter(|it| !it.is_empty()),
        email: it.email.as_deref().map(bounded).filter(|it| !it.is_empty()),
        websites: it.website.iter().take(MOST_ITEMS).map(|it| bounded(it)).collect(),
        categories: it.categories.iter().take(MOST_ITEMS).map(|it| bounded(&it.name)).collect(),
        timezone: it.business_hours.timezone.as_deref().map(bounded),
        hours: it.business_hours.business_config.iter().flatten().take(MOST_ITEMS).map(hours).collect(),
    }))
}

fn hours(told: &wacore::iq::business::BusinessHoursConfig) -> OpeningHours {
    OpeningHours {
        day: bounded(told.day_of_week.as_str()),
        mode: bounded(told.mode.as_str()),
        opens: told.open_time,
        closes: told.close_time,
    }
}

pub(crate) async fn products(client: &Client, asked: ListProducts) -> Result<ProductPage, EngineError> {
    let page = client.execute(Catalog(asked)).await;
    page.map_err(|error| failure::of_request("WhatsApp did not show the catalogue", error))
}

struct Catalog(ListProducts);

impl IqSpec for Catalog {
    type Response = ProductPage;

    fn build_iq(&self) -> InfoQuery<'static> {
        let text = |tag: &'static str, text: &str| NodeBuilder::new(tag).bytes(text.as_bytes().to_vec()).build();
        let mut children =
            vec![text("limit", &self.0.limit.to_string()), text("width", PICTURE_EDGE), text("height", PICTURE_EDGE)];
        if let Some(after) = &self.0.after {
            children.push(text("after", after));
        }
        let catalog = NodeBuilder::new("product_catalog")
            .attr("jid", jid::to_wire(&self.0.owner))
            .attr("allow_shop_source", "true")
            .children(children);
        let server = wire::Jid::new("", wire::Server::Pn);
        InfoQuery::get("w:biz:catalog", server, Some(NodeContent::Nodes(vec![catalog.build()])))
    }

    fn parse_response(&self, response: &NodeRef<'_>) -> Result<ProductPage, anyhow::Error> {
        let Some(catalog) = response.get_optional_child("product_catalog") else {
            return Ok(ProductPage { products: Vec::new(), after: None });
        };
        let products = catalog.get_children_by_tag("product").take(self.0.limit as usize).filter_map(product);
        let after = catalog.get_optional_child("paging").and_then(|it| text_of(it, "after"));
        Ok(ProductPage { products: products.collect(), after })
    }
}

fn product(node: &NodeRef<'_>) -> Option<Product> {
    let hidden = node.attrs().optional_string("is_hidden").is_some_and(|it| it == "true");
    let image = node.get_optional_child("media").and_then(|it| it.get_optional_child("image"));
    let availability = text_of(node, "availability").or_else(|| {
        let attribute = node.attrs().optional_string("availability");
        attribute.map(|it| it.into_owned())
    });
    Some(Product {
        id: text_of(node, "id")?,
        retailer_id: text_of(node, "retailer_id"),
        name: text_of(node, "name").unwrap_or_default(),
        description: text_of(node, "description").unwrap_or_default(),
        price_thousandths: text_of(node, "price").and_then(|it| it.parse().ok()),
        currency: text_of(node, "currency"),
        url: text_of(node, "url"),
        image_url: image.and_then(|it| text_of(it, "original_image_url").or_else(|| text_of(it, "request_image_url"))),
        is_available: !hidden && availability.is_none_or(|it| it != "out of stock"),
    })
}

/// The text of a child; none where it is empty.
fn text_of(node: &NodeRef<'_>, tag: &str) -> Option<String> {
    let text = match node.get_optional_child(tag)?.content.as_ref()? {
        NodeContentRef::String(text) => bounded(text),
        NodeContentRef::Bytes(bytes) => bounded(std::str::from_utf8(bytes).ok()?),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn bounded(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}
