//! The control API: how tests and people make phones, write with them, read what they got, and
//! have things go wrong. JSON, described at `openapi.json`, mounted under `/sandbox`.
//!
//! `phones` makes and steers phones, `messages` is what they send and saw (`content` reads what is
//! sent, `view` shows what was seen), `people` what else they do and notice, `groups` and `app_state`
//! are what they change, `faults` what goes wrong, `failure` is the one shape of every error.

mod app_state;
mod content;
mod failure;
mod faults;
mod groups;
mod messages;
mod people;
mod phones;
mod view;

use poem::http::{Method, StatusCode, header};
use poem::web::Data;
use poem::{EndpointExt as _, IntoEndpoint, Request, Route, get, handler};
use poem_openapi::OpenApiService;

use crate::network::Network;
use crate::phone::Phones;

/// The largest request: a file of the largest size the media host takes, as base64, and change.
const LARGEST_BODY: u64 = 96 << 20;

/// The control routes, relative to where they are mounted.
pub(crate) fn routes(phones: Phones, network: Network, authority_pem: String) -> impl IntoEndpoint<Endpoint: 'static> {
    let apis = (
        phones::PhonesApi { phones: phones.clone() },
        messages::MessagesApi { phones: phones.clone() },
        people::PeopleApi { phones: phones.clone() },
        groups::GroupsApi { phones: phones.clone() },
        app_state::AppStateApi { phones: phones.clone() },
        faults::FaultsApi { faults: network.faults().clone() },
    );
    let service = OpenApiService::new(apis, "OpenWA sandbox", env!("CARGO_PKG_VERSION"))
        .description("Phones, messages and faults of a WhatsApp network made for tests.")
        .server("/sandbox");
    let document = service.spec_endpoint();
    Route::new()
        .at("/openapi.json", get(document))
        .at("/ca.pem", get(authority).data(Authority(authority_pem)))
        .nest("/", service)
        .before(refuse_large)
        .catch_all_error(failure::answer)
}

#[derive(Clone)]
struct Authority(String);

#[handler]
fn authority(Data(authority): Data<&Authority>) -> poem::Response {
    poem::Response::builder().content_type("application/x-pem-file").body(authority.0.clone())
}

/// A body must say how large it is, and not be too large.
async fn refuse_large(request: Request) -> poem::Result<Request> {
    let length = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    match (request.method(), length) {
        (_, Some(length)) if length > LARGEST_BODY => Err(refusal(StatusCode::PAYLOAD_TOO_LARGE)),
        (&Method::POST | &Method::PUT, None) if request.headers().contains_key("transfer-encoding") => {
            Err(refusal(StatusCode::LENGTH_REQUIRED))
        }
        _ => Ok(request),
    }
}

fn refusal(status: StatusCode) -> poem::Error {
    poem::Error::from_status(status)
}
