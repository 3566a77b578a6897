//! Sends one text to everybody in a CSV file with the columns `number` and `name`.
//!
//! ```sh
//! cargo run --bin broadcast -- SESSION contacts.csv spring-sale "Hello {name}, spring is here."
//! ```
//!
//! `OPENWA_BASE_URL` and `OPENWA_API_KEY` say which gateway. What became of each line is written to
//! `contacts.csv.spring-sale.csv`. Run again under the same name, it goes on where it stopped, and nobody is written to
//! twice. Write only to people who asked for it: numbers that write to strangers get banned.

use std::{
    collections::HashSet,
    error::Error,
    fs::{File, OpenOptions},
    time::Duration,
};

use openwa_client::{Client, ErrorKind};
use serde::Deserialize;

/// A person does not send faster either.
const PAUSE: Duration = Duration::from_secs(3);

#[derive(Deserialize)]
struct Contact {
    number: String,
    name: String,
}

/// What became of one contact.
enum Outcome {
    Sent(String),
    Failed(String),
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [session, contacts, campaign, template] = &arguments[..] else {
        return Err("usage: broadcast SESSION contacts.csv CAMPAIGN \"Hello {name}\"".into());
    };
    let pause = match std::env::var("PAUSE_MS") {
        Ok(milliseconds) => Duration::from_millis(milliseconds.parse()?),
        Err(_) => PAUSE,
    };
    let client = Client::from_env()?;
    let results = format!("{contacts}.{campaign}.csv");
    let mut done = already_written(&results)?;
    let mut written = csv::Writer::from_writer(OpenOptions::new().create(true).append(true).open(&results)?);

    let (mut sent, mut failed, mut skipped) = (0, 0, 0);
    for contact in csv::Reader::from_path(contacts)?.deserialize() {
        let Contact { number, name } = contact?;
        let number: String = number.chars().filter(char::is_ascii_digit).collect();
        if !done.insert(number.clone()) {
            skipped += 1;
            continue;
        }
        let text = template.replace("{name}", &name);
        let (status, detail) = match send(&client, session, &number, text, campaign).await? {
            Outcome::Sent(message) => {
                sent += 1;
                ("sent", message)
            }
            Outcome::Failed(why) => {
                failed += 1;
                ("failed", why)
            }
        };
        written.write_record([number.as_str(), status, &detail])?;
        written.flush()?;
        tokio::time::sleep(pause).await;
    }
    println!("{sent} sent, {failed} failed, {skipped} skipped");
    Ok(())
}

/// The numbers that an earlier run wrote to.
fn already_written(results: &str) -> Result<HashSet<String>, Box<dyn Error>> {
    let Ok(file) = File::open(results) else { return Ok(HashSet::new()) };
    let rows = csv::ReaderBuilder::new().has_headers(false).from_reader(file).into_records();
    Ok(rows.map(|row| row.map(|it| it.get(0).unwrap_or_default().to_owned())).collect::<Result<_, _>>()?)
}

async fn send(
    client: &Client,
    session: &str,
    number: &str,
    text: String,
    campaign: &str,
) -> Result<Outcome, openwa_client::Error> {
    if !client.contacts().check_number(session, number).await?.exists {
        return Ok(Outcome::Failed("not on WhatsApp".to_owned()));
    }
    let key = format!("{campaign}-{number}");
    let request = client.messages().send_text(session, format!("{number}@c.us"), text).idempotency_key(key);
    match request.await {
        Ok(sent) => Ok(Outcome::Sent(sent.message_id)),
        // These concern this contact; anything else, such as a lost connection, ends the run.
        Err(error)
            if matches!(error.kind(), ErrorKind::InvalidRequest | ErrorKind::Forbidden | ErrorKind::NotFound) =>
        {
            Ok(Outcome::Failed(error.message().to_owned()))
        }
        Err(error) => Err(error),
    }
}
