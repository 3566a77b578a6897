//! Those who wait to be let into a group. The library reads only who and when; WhatsApp tells more.

use openwa_model::{
    Timestamp,
    engine::EngineError,
    group::{JoinMethod, JoinRequest},
    jid::Jid,
};
use wacore::{iq::spec::IqSpec, request::InfoQuery};
use whatsapp_rust::{
    Client, NodeBuilder, anyhow,
    wacore_binary::{self as wire, NodeContent, NodeRef},
};

use crate::{failure, jid};

/// A list is read no further than this.
const MOST_REQUESTS: usize = 2_048;

pub(crate) async fn all(client: &Client, group: &Jid) -> Result<Vec<JoinRequest>, EngineError> {
    let asked = client.execute(Waiting { group: jid::to_wire(group) }).await;
    asked.map_err(|error| failure::of_request("WhatsApp did not list those who ask to join", error))
}

struct Waiting {
    group: wire::Jid,
}

impl IqSpec for Waiting {
    type Response = Vec<JoinRequest>;

    fn build_iq(&self) -> InfoQuery<'static> {
        let list = NodeBuilder::new("membership_approval_requests").build();
        InfoQuery::get_ref("w:g2", &self.group, Some(NodeContent::Nodes(vec![list])))
    }

    fn parse_response(&self, response: &NodeRef<'_>) -> Result<Vec<JoinRequest>, anyhow::Error> {
        let Some(list) = response.get_optional_child("membership_approval_requests") else { return Ok(Vec::new()) };
        Ok(list.get_children_by_tag("membership_approval_request").take(MOST_REQUESTS).filter_map(request).collect())
    }
}

/// `<membership_approval_request jid phone_number request_time request_method requestor/>`
fn request(node: &NodeRef<'_>) -> Option<JoinRequest> {
    let mut attributes = node.attrs();
    let person = |ids: [Option<wire::Jid>; 2]| {
        let ids = ids.each_ref().map(Option::as_ref);
        jid::phone_among(ids).or_else(|| jid::lid_among(ids))
    };
    let id = person([attributes.optional_jid("jid"), attributes.optional_jid("phone_number")])?;
    let added_by = person([attributes.optional_jid("requestor"), attributes.optional_jid("requestor_pn")]);
    let method = attributes.optional_string("request_method").and_then(|it| JoinMethod::of(&it));
    let requested_at = attributes.optional_u64("request_time").and_then(|it| i64::try_from(it).ok());
    let requested_at = requested_at.and_then(|it| Timestamp::from_second(it).ok());
    Some(JoinRequest { id, added_by, method, requested_at })
}
