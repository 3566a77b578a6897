//! Who this device is: its keys, its account, its counters. Without this record there is no link.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use wacore::store::{Device, error::Result, traits::DeviceStore};

use super::{Backend, put_json, space};

/// A vault is of one session, which is one device.
const SELF: &str = "self";

/// The number the library asks for; it means nothing where there is only one device.
const ONLY_DEVICE: i32 = 1;

#[async_trait]
impl DeviceStore for Backend {
    /// The library saves in the background, from copies it made earlier. One that was made before the
    /// account was linked must not take its place.
    async fn save(&self, device: &Device) -> Result<()> {
        let _writing = self.writing.lock().await;
        let registered = device.pn.is_some();
        if self.registered.fetch_or(registered, Ordering::AcqRel) && !registered {
            return Ok(());
        }
        self.change(put_json(space::DEVICE, SELF, device)?).await.map(drop)
    }

    async fn load(&self) -> Result<Option<Device>> {
        self.read(space::DEVICE, SELF).await
    }

    async fn exists(&self) -> Result<bool> {
        Ok(self.get(space::DEVICE, SELF).await?.is_some())
    }

    async fn create(&self) -> Result<i32> {
        if !self.exists().await? {
            self.save(&Device::new()).await?;
        }
        Ok(ONLY_DEVICE)
    }
}
