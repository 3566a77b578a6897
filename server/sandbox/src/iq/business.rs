//! Business profiles and catalogues, as they look on the wire.

use buffa::Message as _;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use waproto::whatsapp as wa;
use waproto::whatsapp::verified_name_certificate::Details;

use crate::business::{Business, Product};
use crate::network::Exchange;
use crate::stanza;

/// Products on one page when the client does not say how many.
const USUAL_PRODUCTS: usize = 10;
const MOST_PRODUCTS: usize = 100;

/// `<business_profile v><profile jid/></business_profile>`; who is no business has no profile.
pub(super) fn profile(exchange: &Exchange<'_>, request: &Node) -> Node {
    let Some(asked) = request.get_optional_child("business_profile") else {
        return stanza::error(request, 400, "bad-request");
    };
    let profiles = asked.get_children_by_tag("profile").filter_map(|profile| {
        let jid = stanza::jid(profile, "jid")?;
        let business = exchange.world.account_of(&jid)?.business.as_ref()?;
        Some(NodeBuilder::new("profile").attr("jid", jid.to_non_ad()).children(profile_nodes(business)).build())
    });
    let answer = NodeBuilder::new("business_profile").attr("v", stanza::text(asked, "v")).children(profiles);
    stanza::result(request).children([answer.build()]).build()
}

fn profile_nodes(business: &Business) -> Vec<Node> {
    let mut nodes = Vec::new();
    nodes.extend(business.description.as_deref().map(|text| word("description", text)));
    nodes.extend(business.address.as_deref().map(|text| word("address", text)));
    nodes.extend(business.email.as_deref().map(|text| word("email", text)));
    nodes.extend(business.websites.iter().map(|text| word("website", text)));
    if !business.categories.is_empty() {
        let categories = business.categories.iter().map(|category| {
            NodeBuilder::new("category").attr("id", &category.id).string_content(category.name.as_str()).build()
        });
        nodes.push(NodeBuilder::new("categories").children(categories).build());
    }
    if let Some(hours) = &business.hours {
        let days = hours.days.iter().map(|day| {
            let mut node = NodeBuilder::new("business_hours_config")
                .attr("day_of_week", day.day.as_wire())
                .attr("mode", day.mode.as_wire());
            if let Some(open) = day.open {
                node = node.attr("open_time", open);
            }
            if let Some(close) = day.close {
                node = node.attr("close_time", close);
            }
            node.build()
        });
        nodes.push(NodeBuilder::new("business_hours").attr("timezone", &hours.timezone).children(days).build());
    }
    nodes
}

/// `<product_catalog jid><limit/><after/></product_catalog>` or `<collections biz_jid/>`
pub(super) fn catalog(exchange: &Exchange<'_>, request: &Node) -> Node {
    let business_of = |asked: &Node, attribute: &str| {
        let jid = stanza::jid(asked, attribute)?;
        exchange.world.account_of(&jid)?.business.as_ref()
    };
    let answer = if let Some(asked) = request.get_optional_child("product_catalog") {
        business_of(asked, "jid").map(|business| products(business, asked))
    } else if let Some(asked) = request.get_optional_child("collections") {
        business_of(asked, "biz_jid").map(collections)
    } else {
        return stanza::error(request, 501, "feature-not-implemented");
    };
    match answer {
        Some(answer) => stanza::result(request).children([answer]).build(),
        None => stanza::error(request, 404, "item-not-found"),
    }
}

/// A page of products; `after` is the id of the last one on the page before.
fn products(business: &Business, asked: &Node) -> Node {
    let text = |tag: &str| std::str::from_utf8(stanza::child_content(asked, tag)).unwrap_or_default().to_owned();
    let limit = text("limit").parse().unwrap_or(USUAL_PRODUCTS).clamp(1, MOST_PRODUCTS);
    let after = text("after");
    let start = business.products.iter().position(|product| product.id == after).map_or(0, |last| last + 1);
    let page: Vec<&Product> = business.products.iter().skip(start).take(limit).collect();
    let mut nodes: Vec<Node> = page.iter().map(|product| product_node(product)).collect();
    if let Some(last) = page.last()
        && start + page.len() < business.products.len()
    {
        nodes.push(NodeBuilder::new("paging").children([word("after", &last.id)]).build());
    }
    NodeBuilder::new("product_catalog").children(nodes).build()
}

fn collections(business: &Business) -> Node {
    let collections = business.collections.iter().map(|collection| {
        let mut nodes = vec![word("id", &collection.id), word("name", &collection.name)];
        let products = business.products.iter().filter(|product| collection.products.contains(&product.id));
        nodes.extend(products.map(product_node));
        nodes.push(approved());
        NodeBuilder::new("collection").children(nodes).build()
    });
    NodeBuilder::new("collections").children(collections).build()
}

fn product_node(product: &Product) -> Node {
    let mut nodes = vec![word("id", &product.id), word("name", &product.name)];
    nodes.extend(product.retailer_id.as_deref().map(|text| word("retailer_id", text)));
    nodes.extend(product.url.as_deref().map(|text| word("url", text)));
    nodes.extend(product.description.as_deref().map(|text| word("description", text)));
    nodes.extend(product.price.map(|price| word("price", &price.to_string())));
    nodes.extend(product.currency.as_deref().map(|text| word("currency", text)));
    if let Some(image) = product.image.as_deref() {
        let image = NodeBuilder::new("image")
            .children([word("request_image_url", image), word("original_image_url", image)])
            .build();
        nodes.push(NodeBuilder::new("media").children([image]).build());
    }
    nodes.push(approved());
    NodeBuilder::new("product").attr("is_hidden", product.is_hidden).children(nodes).build()
}

fn approved() -> Node {
    NodeBuilder::new("status_info").children([word("status", "APPROVED")]).build()
}

/// `<business>` with the certificate of the confirmed name, in an answer about people.
pub(super) fn certificate(business: &Business) -> Node {
    let node = NodeBuilder::new("business");
    let Some(name) = &business.verified_name else {
        return node.build();
    };
    let details = Details {
        serial: Some(1),
        issuer: Some("smb:wa".into()),
        verified_name: Some(name.clone()),
        ..Default::default()
    };
    let certificate = wa::VerifiedNameCertificate { details: Some(details.encode_to_vec()), ..Default::default() };
    let verified = NodeBuilder::new("verified_name").attr("v", "1").attr("verified_level", "low");
    node.children([verified.bytes(certificate.encode_to_vec()).build()]).build()
}

fn word(tag: &'static str, text: &str) -> Node {
    NodeBuilder::new(tag).bytes(text.as_bytes()).build()
}
