//! Calls made of method, path and bytes: what the typed methods, and the packages for other languages, stand on.
//!
//! ```no_run
//! # async fn example() -> Result<(), openwa_client::Error> {
//! use openwa_client::{Client, raw::{Call, Keyed, Method, path}};
//!
//! let client = Client::new("http://127.0.0.1:2785", "owa_key")?;
//! let path = path("/api/sessions/{sessionId}/messages/send-text", &["0199a8c5-4e00-7c3a-9d1e-5b6f7a8c9d0e"])?;
//! let call = Call::new(Method::POST, path)
//!     .json(r#"{"chatId":"15550000002@c.us","text":"Hello"}"#)
//!     .keyed(Keyed::Fresh);
//! let answer = client.send(call).await?;
//! assert_eq!(answer.status, 201);
//! # Ok(())
//! # }
//! ```

pub use reqwest::{Method, header::HeaderMap};

pub use crate::{
    answer::{Answer, Download},
    call::{Call, CallBody, Keyed, path, segment},
    follow::{Event, EventStream, Follow, Transport},
    upload::Upload,
};
