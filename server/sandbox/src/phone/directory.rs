//! All phones of a network.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::actor::{Actor, PhoneRecord, Shown};
use super::app_state::Collections;
use super::calls::Calls;
use super::drawer::Cabinet;
use super::error::PhoneError;
use super::handle::Phone;
use super::log::Log;
use super::observation::Observations;
use super::script::Script;
use super::signal::Signal;
use crate::account::{AccountInfo, PrimaryKeys};
use crate::journal::JournalError;
use crate::media::MediaHost;
use crate::network::Network;

/// Commands that may wait for a phone; further callers wait for a place.
const COMMANDS: usize = 64;

/// The phones of a network. Cheap to clone.
#[derive(Clone)]
pub struct Phones {
    shared: Arc<Shared>,
}

struct Shared {
    network: Network,
    media: MediaHost,
    cabinet: Mutex<Cabinet>,
    phones: Mutex<BTreeMap<Uuid, Phone>>,
    echoing: Arc<Echoing>,
}

/// Which phones send back what they receive.
#[derive(Default)]
pub(crate) struct Echoing(Mutex<BTreeSet<String>>);

impl Echoing {
    pub(crate) fn set(&self, number: &str, is_echoing: bool) {
        let mut numbers = lock(&self.0);
        if is_echoing {
            numbers.insert(number.to_owned());
        } else {
            numbers.remove(number);
        }
    }

    pub(crate) fn has(&self, number: &str) -> bool {
        lock(&self.0).contains(number)
    }
}

impl Phones {
    /// Takes up the phones of all accounts that the network remembers.
    pub async fn restore(network: Network, media: MediaHost) -> Result<Self, JournalError> {
        let cabinet = Cabinet::open(network.journal().clone())?;
        let mut records = PhoneRecord::load_all(network.journal())?;
        let phones = Self {
            shared: Arc::new(Shared {
                media,
                cabinet: Mutex::new(cabinet),
                phones: Mutex::default(),
                echoing: Arc::default(),
                network: network.clone(),
            }),
        };
        for info in network.accounts() {
            let Some(keys) = network.primary_keys(&info.number) else {
                continue;
            };
            let record = records.remove(&info.number).unwrap_or_else(|| PhoneRecord::new(Script::default()));
            let number = info.number.clone();
            if let Err(error) = phones.start(info, keys, record).await {
                tracing::warn!(phone = %number, %error, "a phone could not be put on line");
            }
        }
        Ok(phones)
    }

    /// Makes an account and its phone, on line and reachable.
    pub async fn create(&self, name: &str, number: Option<&str>, script: Script) -> Result<Phone, PhoneError> {
        let keys = PrimaryKeys::generate();
        let info = self.shared.network.create_account(name, number, keys.clone())?;
        self.start(info, keys, PhoneRecord::new(script)).await
    }

    /// Every phone, in the order of their numbers.
    pub fn list(&self) -> Vec<Phone> {
        let mut phones: Vec<Phone> = lock(&self.shared.phones).values().cloned().collect();
        phones.sort_by(|a, b| a.info.number.cmp(&b.info.number));
        phones
    }

    pub fn get(&self, id: Uuid) -> Option<Phone> {
        lock(&self.shared.phones).get(&id).cloned()
    }

    pub fn by_name(&self, name: &str) -> Option<Phone> {
        let info = self.shared.network.account_by_name(name)?;
        self.get(info.id)
    }

    pub fn by_number(&self, number: &str) -> Option<Phone> {
        let info = self.shared.network.account_by_number(number)?;
        self.get(info.id)
    }

    /// Scans a QR code with the phone whose name the linking client announces, made if there is
    /// none. A client that announces nothing gets a phone of its own.
    pub async fn scan(&self, qr: &str) -> Result<Phone, PhoneError> {
        let name = self.shared.network.linking_name(qr);
        let phone = match name.as_deref() {
            Some(name) => self.by_name(name),
            None => None,
        };
        let phone = match phone {
            Some(phone) => phone,
            None => {
                let name = name.as_deref().unwrap_or("phone");
                self.create(name, None, Script::default()).await?
            }
        };
        phone.scan(qr)?;
        Ok(phone)
    }

    async fn start(&self, info: AccountInfo, keys: PrimaryKeys, record: PhoneRecord) -> Result<Phone, PhoneError> {
        let shared = &self.shared;
        let drawer = lock(&shared.cabinet).drawer(&info.number);
        let log = Arc::new(Log::restore(drawer.clone()));
        let (shown, seen) = watch::channel(Shown { is_online: record.is_online, script: record.script });
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (observations, calls) = (Arc::<Observations>::default(), Arc::<Calls>::default());
        shared.echoing.set(&info.number, record.script == Script::Echo);
        let mut actor = Actor {
            signal: Signal::restore(&info.number, &keys, drawer),
            network: shared.network.clone(),
            media: shared.media.clone(),
            log: log.clone(),
            echoing: shared.echoing.clone(),
            info: info.clone(),
            keys,
            record,
            collections: Collections::default(),
            observations: observations.clone(),
            calls: calls.clone(),
            shown,
            link: None,
            aside: VecDeque::new(),
            keyed: HashMap::new(),
            retries: HashMap::new(),
            next_id: 0,
        };
        let online = if actor.record.is_online { actor.go_online().await } else { Ok(()) };
        tokio::spawn(actor.run(inbox));
        let phone = Phone {
            network: shared.network.clone(),
            media: shared.media.clone(),
            shown: seen,
            info,
            log,
            observations,
            calls,
            commands,
        };
        lock(&shared.phones).insert(phone.id(), phone.clone());
        online.map(|()| phone)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each of these is changed by a single insert.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
