//! What goes wrong on demand.

use std::time::{Duration, SystemTime};

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};

use super::failure::Failure;
use super::phones::Done;
use crate::ambient;
use crate::fault::{ActiveFault, Fault, Faults};

/// No fault holds anything up for longer.
const LONGEST_DELAY_MS: u64 = 60_000;
const LONGEST_SECONDS: u64 = 365 * 86_400;

pub(super) struct FaultsApi {
    pub(super) faults: Faults,
}

#[derive(Enum, Debug, Clone, Copy)]
#[oai(rename_all = "kebab-case")]
enum FaultKind {
    /// Closes the sockets of linked clients, once and at once.
    DropLink,
    /// Refuses logins for `seconds`.
    RefuseLogins,
    /// Holds every stanza back for `delayMs`.
    DelayStanzas,
    /// Sends every message, receipt and notification twice.
    DuplicateStanzas,
    /// Swaps neighbouring stanzas.
    ReorderStanzas,
    /// Refuses the next `count` messages with `code`.
    NackNextSends,
    /// Accepts the next `count` messages, and refuses them with `code` when it is switched off.
    NackLater,
    /// Says the hidden id alone of whoever writes to the account.
    HideNumbers,
    /// Forgets the messages that waited for linked clients when these come back.
    LoseOffline,
    /// Throws the account out with `code`, for `seconds` or for good.
    Ban,
    /// Lets the account write only to people it knows.
    Restrict,
    /// Makes all media uploaded so far expire.
    ExpireMedia,
}

#[derive(Object)]
#[oai(deny_unknown_fields, rename_all = "camelCase")]
struct NewFault {
    kind: FaultKind,
    /// The account it is about; left out, all of them where that makes sense.
    number: Option<String>,
    seconds: Option<u64>,
    delay_ms: Option<u64>,
    code: Option<u16>,
    count: Option<u32>,
}

#[derive(Object)]
#[oai(rename = "Fault", rename_all = "camelCase")]
struct FaultView {
    /// By this it is switched off.
    id: u64,
    kind: FaultKind,
    #[oai(skip_serializing_if_is_none)]
    number: Option<String>,
    /// How long it still lasts.
    #[oai(skip_serializing_if_is_none)]
    seconds: Option<u64>,
    #[oai(skip_serializing_if_is_none)]
    delay_ms: Option<u64>,
    #[oai(skip_serializing_if_is_none)]
    code: Option<u16>,
    /// How many messages it will still refuse.
    #[oai(skip_serializing_if_is_none)]
    count: Option<u32>,
}

impl FaultView {
    fn of(active: ActiveFault, now: SystemTime) -> Self {
        let left = |until: SystemTime| until.duration_since(now).unwrap_or_default().as_secs();
        let mut view = Self {
            id: active.id,
            kind: FaultKind::DropLink,
            number: None,
            seconds: None,
            delay_ms: None,
            code: None,
            count: None,
        };
        match active.fault {
            Fault::DropLink { number } => view.number = number,
            Fault::RefuseLogins { number, until } => {
                view.kind = FaultKind::RefuseLogins;
                view.number = number;
                view.seconds = Some(left(until));
            }
            Fault::DelayStanzas { number, delay } => {
                view.kind = FaultKind::DelayStanzas;
                view.number = number;
                view.delay_ms = u64::try_from(delay.as_millis()).ok();
            }
            Fault::DuplicateStanzas { number } => {
                view.kind = FaultKind::DuplicateStanzas;
                view.number = number;
            }
            Fault::ReorderStanzas { number } => {
                view.kind = FaultKind::ReorderStanzas;
                view.number = number;
            }
            Fault::NackNextSends { number, code, count } => {
                view.kind = FaultKind::NackNextSends;
                view.number = number;
                view.code = Some(code);
                view.count = Some(count);
            }
            Fault::NackLater { number, code, count } => {
                view.kind = FaultKind::NackLater;
                view.number = number;
                view.code = Some(code);
                view.count = Some(count);
            }
            Fault::HideNumbers { number } => {
                view.kind = FaultKind::HideNumbers;
                view.number = number;
            }
            Fault::LoseOffline { number } => {
                view.kind = FaultKind::LoseOffline;
                view.number = number;
            }
            Fault::Ban { number, code, until } => {
                view.kind = FaultKind::Ban;
                view.number = Some(number);
                view.code = Some(code);
                view.seconds = until.map(left);
            }
            Fault::Restrict { number } => {
                view.kind = FaultKind::Restrict;
                view.number = Some(number);
            }
            Fault::ExpireMedia { .. } => view.kind = FaultKind::ExpireMedia,
        }
        view
    }
}

#[derive(ApiResponse)]
enum SwitchedOn {
    /// It goes wrong from now on.
    #[oai(status = 201)]
    SwitchedOn(Json<FaultView>),
}

#[OpenApi]
impl FaultsApi {
    /// Have something go wrong
    #[oai(path = "/faults", method = "post", operation_id = "createFault")]
    async fn create(&self, new: Json<NewFault>) -> Result<SwitchedOn, Failure> {
        let now = ambient::wall_clock();
        let active = self.faults.add(fault(new.0, now)?).map_err(|error| Failure::conflict(error.to_string()))?;
        Ok(SwitchedOn::SwitchedOn(Json(FaultView::of(active, now))))
    }

    /// What goes wrong now
    #[oai(path = "/faults", method = "get", operation_id = "listFaults")]
    async fn list(&self) -> Json<Vec<FaultView>> {
        let now = ambient::wall_clock();
        let active = self.faults.list().into_iter();
        Json(active.map(|active| FaultView::of(active, now)).collect())
    }

    /// Have everything go right again
    #[oai(path = "/faults", method = "delete", operation_id = "clearFaults")]
    async fn clear(&self) -> Done {
        self.faults.clear();
        Done::Done
    }

    /// Switch one fault off
    #[oai(path = "/faults/:id", method = "delete", operation_id = "deleteFault")]
    async fn delete(&self, id: Path<u64>) -> Result<Done, Failure> {
        if self.faults.remove(id.0) { Ok(Done::Done) } else { Err(Failure::not_found("there is no such fault")) }
    }
}

fn fault(new: NewFault, now: SystemTime) -> Result<Fault, Failure> {
    let seconds = || need(new.seconds.filter(|seconds| *seconds <= LONGEST_SECONDS), "seconds");
    let number =
        new.number.as_deref().map(|number| number.trim_end_matches("@c.us").trim_start_matches('+').to_owned());
    Ok(match new.kind {
        FaultKind::DropLink => Fault::DropLink { number },
        FaultKind::RefuseLogins => Fault::RefuseLogins { number, until: now + Duration::from_secs(seconds()?) },
        FaultKind::DelayStanzas => Fault::DelayStanzas {
            number,
            delay: Duration::from_millis(need(new.delay_ms.filter(|delay| *delay <= LONGEST_DELAY_MS), "delayMs")?),
        },
        FaultKind::DuplicateStanzas => Fault::DuplicateStanzas { number },
        FaultKind::ReorderStanzas => Fault::ReorderStanzas { number },
        FaultKind::NackNextSends => Fault::NackNextSends {
            number,
            code: need(new.code, "code")?,
            count: need(new.count.filter(|count| *count > 0), "count")?,
        },
        FaultKind::NackLater => Fault::NackLater {
            number,
            code: need(new.code, "code")?,
            count: need(new.count.filter(|count| *count > 0), "count")?,
        },
        FaultKind::HideNumbers => Fault::HideNumbers { number },
        FaultKind::LoseOffline => Fault::LoseOffline { number },
        FaultKind::Ban => Fault::Ban {
            number: need(number, "number")?,
            code: need(new.code, "code")?,
            until: match new.seconds {
                Some(_) => Some(now + Duration::from_secs(seconds()?)),
                None => None,
            },
        },
        FaultKind::Restrict => Fault::Restrict { number: need(number, "number")? },
        FaultKind::ExpireMedia => Fault::ExpireMedia { before: now },
    })
}

fn need<T>(value: Option<T>, name: &str) -> Result<T, Failure> {
    value.ok_or_else(|| Failure::bad_request(format!("this kind of fault needs a sensible {name}")))
}
