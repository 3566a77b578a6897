//! Questions in JSON: `<iq xmlns="w:mex"><query query_id>{"variables":…}</query></iq>`. What is asked
//! is a number that stands for a document the server knows; clients of other versions know other
//! numbers for the same question.

use serde_json::{Value, json};
use wacore::iq::mex_operations as ask;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{community_view, group_edit, newsletter_edit, newsletter_view};
use crate::network::Exchange;
use crate::stanza;

/// Why a question is not answered: the code and what it says.
pub(super) type Refusal = (u16, &'static str);

pub(super) const FORBIDDEN: Refusal = (403, "Forbidden");
pub(super) const NOT_FOUND: Refusal = (404, "Not Found");
pub(super) const MALFORMED: Refusal = (400, "Bad Request");
pub(super) const NOT_ACCEPTABLE: Refusal = (406, "Not Acceptable");

/// The name of the answer in the data, and the answer.
pub(super) type Answer = Result<(&'static str, Value), Refusal>;

pub(super) fn answer(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    let Some(query) = request.get_optional_child("query") else {
        return stanza::error(request, 400, "bad-request");
    };
    let Ok(asked) = serde_json::from_slice::<Value>(stanza::content(query)) else {
        return stanza::error(request, 400, "bad-request");
    };
    let id = stanza::text(query, "query_id");
    let answer = match dispatch(exchange, &id, &asked["variables"]) {
        Ok((name, answer)) => json!({ "data": { name: answer } }),
        Err((code, message)) => {
            tracing::debug!(device = %exchange.from, query.id = id, answer.code = code, "a question is refused");
            json!({
                "data": null,
                "errors": [{
                    "message": message,
                    "extensions": {
                        "error_code": code,
                        "is_summary": false,
                        "is_retryable": false,
                        "severity": "CRITICAL",
                    },
                }],
            })
        }
    };
    let result = NodeBuilder::new("result").bytes(answer.to_string().into_bytes()).build();
    stanza::result(request).children([result]).build()
}

fn dispatch(exchange: &mut Exchange<'_>, id: &str, variables: &Value) -> Answer {
    match id {
        ask::create_newsletter::DOC_ID | "8823471724422422" => newsletter_edit::create(exchange, variables),
        ask::update_newsletter::DOC_ID => newsletter_edit::update(exchange, variables),
        ask::delete_newsletter::DOC_ID => newsletter_edit::delete(exchange, variables),
        ask::join_newsletter::DOC_ID => newsletter_edit::join(exchange, variables),
        ask::leave_newsletter::DOC_ID => newsletter_edit::leave(exchange, variables),
        ask::update_newsletter_user_setting::DOC_ID => newsletter_edit::set_muted(exchange, &variables["input"]),
        "29766401636284406" => newsletter_edit::mute(exchange, variables, true),
        "9864994326891137" => newsletter_edit::mute(exchange, variables, false),
        ask::create_newsletter_admin_invite::DOC_ID => newsletter_edit::invite_admin(exchange, variables),
        ask::revoke_newsletter_admin_invite::DOC_ID => newsletter_edit::revoke_admin_invite(exchange, variables),
        ask::accept_newsletter_admin_invite::DOC_ID => newsletter_edit::accept_admin_invite(exchange, variables),
        ask::demote_newsletter_admin::DOC_ID | "6551828931592903" => newsletter_edit::demote(exchange, variables),
        ask::change_newsletter_owner::DOC_ID | "7341777602580933" => newsletter_edit::change_owner(exchange, variables),
        ask::fetch_newsletter::DOC_ID | "6563316087068696" => newsletter_view::one(exchange, &variables["input"]),
        ask::fetch_all_newsletters_metadata::DOC_ID => Ok(newsletter_view::followed(exchange)),
        ask::fetch_newsletter_admin_info::DOC_ID | "7130823597031706" => newsletter_view::admins(exchange, variables),
        ask::fetch_newsletter_followers::DOC_ID => newsletter_view::followers(exchange, &variables["input"]),
        "9783111038412085" => newsletter_view::follower_count(exchange, variables),
        ask::fetch_newsletter_directory_search_results::DOC_ID => {
            Ok(newsletter_view::search(exchange, &variables["input"]))
        }
        ask::fetch_newsletter_directory_list::DOC_ID => Ok(newsletter_view::directory(exchange, &variables["input"])),
        ask::fetch_all_subgroups::DOC_ID => community_view::groups(exchange, &variables["group_id"]),
        ask::query_subgroup_participant_count::DOC_ID => {
            community_view::groups(exchange, &variables["input"]["group_jid"])
        }
        ask::update_group_property::DOC_ID => group_edit::set_by_name(exchange, variables),
        // Nobody is held back here from writing to people it does not know, unless a fault says so.
        ask::fetch_reachout_timelock::DOC_ID => {
            let is_active = exchange.network.faults().is_restricted(&exchange.from.number);
            Ok(("xwa2_fetch_account_reachout_timelock", json!({ "is_active": is_active })))
        }
        _ => Err((501, "the document is not known here")),
    }
}
