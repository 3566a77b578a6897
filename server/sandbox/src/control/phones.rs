//! Phones: made, listed, linked, put on and off line, scripted.

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use uuid::Uuid;

use super::failure::Failure;
use crate::device::DeviceInfo;
use crate::phone::{Chat, Phone, PhoneError, Phones, Script};

/// The longest text of a QR code.
const LONGEST_QR: usize = 2_048;

pub(super) struct PhonesApi {
    pub(super) phones: Phones,
}

#[derive(Enum, Debug, Clone, Copy)]
#[oai(rename = "Script", rename_all = "kebab-case")]
enum ScriptName {
    /// Confirms deliveries, nothing more.
    Silent,
    /// Marks what it receives as read.
    AutoRead,
    /// Marks what it receives as read and sends it back.
    Echo,
}

impl From<ScriptName> for Script {
    fn from(name: ScriptName) -> Self {
        match name {
            ScriptName::Silent => Self::Silent,
            ScriptName::AutoRead => Self::AutoRead,
            ScriptName::Echo => Self::Echo,
        }
    }
}

impl From<Script> for ScriptName {
    fn from(script: Script) -> Self {
        match script {
            Script::Silent => Self::Silent,
            Script::AutoRead => Self::AutoRead,
            Script::Echo => Self::Echo,
        }
    }
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewPhone {
    /// What the owner goes by; a client that announces this name when linking gets this phone.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// Digits, country code first. Left out, the network gives one.
    number: Option<String>,
    /// What the phone does by itself; `silent` if left out.
    script: Option<ScriptName>,
}

#[derive(Object)]
#[oai(rename = "Phone")]
struct PhoneView {
    id: Uuid,
    name: String,
    /// Digits only.
    number: String,
    /// The hidden id, `<digits>@lid`.
    lid: String,
    online: bool,
    script: ScriptName,
}

impl From<&Phone> for PhoneView {
    fn from(phone: &Phone) -> Self {
        let info = phone.info();
        Self {
            id: phone.id(),
            name: info.name.clone(),
            number: info.number.clone(),
            lid: Chat::Hidden(info.lid.clone()).to_string(),
            online: phone.is_online(),
            script: phone.script().into(),
        }
    }
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Scan {
    /// The whole text of the QR code.
    qr: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PairingCode {
    /// The eight characters, with or without a dash.
    code: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ScriptChoice {
    script: ScriptName,
}

#[derive(Object)]
#[oai(rename = "Device", rename_all = "camelCase")]
struct DeviceView {
    /// 0 is the phone itself.
    id: u16,
    platform: String,
    /// Seconds since 1970; 0 for the phone.
    linked_at: u64,
    online: bool,
    /// Stanzas that wait for it to acknowledge them.
    queued: usize,
}

impl From<DeviceInfo> for DeviceView {
    fn from(device: DeviceInfo) -> Self {
        Self {
            id: device.device,
            platform: device.platform,
            linked_at: device.linked_at,
            online: device.is_online,
            queued: device.queued,
        }
    }
}

#[derive(ApiResponse)]
pub(super) enum Created<T: poem_openapi::types::ToJSON + Send> {
    /// Made.
    #[oai(status = 201)]
    Created(Json<T>),
}

#[derive(ApiResponse)]
pub(super) enum Done {
    /// Done.
    #[oai(status = 204)]
    Done,
}

/// The phone with this id.
pub(super) fn find(phones: &Phones, id: Uuid) -> Result<Phone, Failure> {
    Ok(phones.get(id).ok_or(PhoneError::NoSuchPhone)?)
}

#[OpenApi]
impl PhonesApi {
    /// Make a phone
    #[oai(path = "/phones", method = "post", operation_id = "createPhone")]
    async fn create(&self, new: Json<NewPhone>) -> Result<Created<PhoneView>, Failure> {
        let script = new.script.map_or(Script::default(), Script::from);
        let number = new.number.as_deref().map(|number| number.trim_start_matches('+'));
        let phone = self.phones.create(&new.name, number, script).await?;
        Ok(Created::Created(Json((&phone).into())))
    }

    /// List the phones, in the order of their numbers
    #[oai(path = "/phones", method = "get", operation_id = "listPhones")]
    async fn list(&self) -> Json<Vec<PhoneView>> {
        Json(self.phones.list().iter().map(PhoneView::from).collect())
    }

    /// One phone
    #[oai(path = "/phones/:id", method = "get", operation_id = "getPhone")]
    async fn get(&self, id: Path<Uuid>) -> Result<Json<PhoneView>, Failure> {
        Ok(Json((&find(&self.phones, id.0)?).into()))
    }

    /// Scan a linking QR code with this phone
    #[oai(path = "/phones/:id/scan", method = "post", operation_id = "scanWithPhone")]
    async fn scan(&self, id: Path<Uuid>, scan: Json<Scan>) -> Result<Json<PhoneView>, Failure> {
        let phone = find(&self.phones, id.0)?;
        phone.scan(qr(&scan)?)?;
        Ok(Json((&phone).into()))
    }

    /// Scan a linking QR code with the phone whose name the client announces
    ///
    /// If there is no such phone, it is made.
    #[oai(path = "/scan", method = "post", operation_id = "scan")]
    async fn scan_by_name(&self, scan: Json<Scan>) -> Result<Json<PhoneView>, Failure> {
        let phone = self.phones.scan(qr(&scan)?).await?;
        Ok(Json((&phone).into()))
    }

    /// Type the pairing code that a client shows into this phone
    #[oai(path = "/phones/:id/pairing-code", method = "post", operation_id = "enterPairingCode")]
    async fn enter_pairing_code(&self, id: Path<Uuid>, code: Json<PairingCode>) -> Result<Json<PhoneView>, Failure> {
        let phone = find(&self.phones, id.0)?;
        phone.enter_pairing_code(&code.code)?;
        Ok(Json((&phone).into()))
    }

    /// Take the phone off line
    ///
    /// What is sent to it waits until it is back.
    #[oai(path = "/phones/:id/offline", method = "post", operation_id = "goOffline")]
    async fn go_offline(&self, id: Path<Uuid>) -> Result<Json<PhoneView>, Failure> {
        let phone = find(&self.phones, id.0)?;
        phone.go_offline().await?;
        Ok(Json((&phone).into()))
    }

    /// Put the phone on line
    #[oai(path = "/phones/:id/online", method = "post", operation_id = "goOnline")]
    async fn go_online(&self, id: Path<Uuid>) -> Result<Json<PhoneView>, Failure> {
        let phone = find(&self.phones, id.0)?;
        phone.go_online().await?;
        Ok(Json((&phone).into()))
    }

    /// Choose what the phone does by itself
    #[oai(path = "/phones/:id/script", method = "put", operation_id = "setScript")]
    async fn set_script(&self, id: Path<Uuid>, choice: Json<ScriptChoice>) -> Result<Json<PhoneView>, Failure> {
        let phone = find(&self.phones, id.0)?;
        phone.set_script(choice.script.into()).await?;
        Ok(Json((&phone).into()))
    }

    /// The devices of the account, the phone itself first
    #[oai(path = "/phones/:id/devices", method = "get", operation_id = "listDevices")]
    async fn devices(&self, id: Path<Uuid>) -> Result<Json<Vec<DeviceView>>, Failure> {
        let phone = find(&self.phones, id.0)?;
        Ok(Json(phone.devices().into_iter().map(DeviceView::from).collect()))
    }

    /// Unlink a device
    ///
    /// A live client is told and sent away; its credentials are refused from then on.
    #[oai(path = "/phones/:id/devices/:device", method = "delete", operation_id = "unlinkDevice")]
    async fn unlink(&self, id: Path<Uuid>, device: Path<u16>) -> Result<Done, Failure> {
        find(&self.phones, id.0)?.unlink(device.0)?;
        Ok(Done::Done)
    }
}

fn qr(scan: &Scan) -> Result<&str, Failure> {
    let qr = scan.qr.trim();
    if qr.len() > LONGEST_QR {
        return Err(Failure::bad_request("this is not the text of a QR code"));
    }
    Ok(qr)
}
