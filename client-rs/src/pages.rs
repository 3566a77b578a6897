//! Lists that come in pages, as one stream of their items.

use std::{fmt, pin::Pin, task, vec};

use futures_util::{Stream, StreamExt, stream};
use serde::de::DeserializeOwned;

use crate::{Error, call::Call, client::Client, request::Draft};

/// The items of a list that comes in pages. The next page is fetched when its first item is asked for.
///
/// ```no_run
/// # async fn example(client: openwa_client::Client, session: &str) -> Result<(), openwa_client::Error> {
/// let mut messages = client.messages().list(session).list_all();
/// while let Some(message) = messages.next().await {
///     println!("{}", message?.body.unwrap_or_default());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is fetched before an item is asked for"]
pub struct Pages<T>(Pin<Box<dyn Stream<Item = Result<T, Error>> + Send>>);

impl<T: Send + 'static> Pages<T> {
    /// The next item; none at the end, and after an error.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        self.0.next().await
    }

    /// All items that are left.
    ///
    /// # Errors
    ///
    /// When a page cannot be fetched.
    pub async fn into_vec(mut self) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            items.push(item?);
        }
        Ok(items)
    }

    /// By `limit` and `offset`: the last page is shorter than asked for.
    pub(crate) fn by_offset<P: DeserializeOwned + 'static>(
        mut draft: Draft,
        usual_limit: usize,
        items: fn(P) -> Vec<T>,
    ) -> Self {
        let asked = |draft: &Draft, name| draft.asked(name).and_then(|it| it.parse::<usize>().ok());
        let limit = asked(&draft, "limit").unwrap_or(usual_limit);
        let mut offset = asked(&draft, "offset").unwrap_or(0);
        draft.replace("limit", limit.to_string());
        Self::of(draft, "offset", move |page: P| {
            let items = items(page);
            offset += items.len();
            let next = (!items.is_empty() && items.len() >= limit).then(|| offset.to_string());
            (items, next)
        })
    }

    /// By a cursor, which each page gives for the next: at the end, it is the one that was asked for. A page before
    /// may be empty, where the key may not see what is on it.
    pub(crate) fn by_cursor<P: DeserializeOwned + 'static>(
        draft: Draft,
        cursor: &'static str,
        items: fn(P) -> (Vec<T>, String),
    ) -> Self {
        let mut asked = draft.asked(cursor).map(str::to_owned);
        Self::of(draft, cursor, move |page: P| {
            let (items, next) = items(page);
            let is_last = asked.as_ref() == Some(&next);
            asked = Some(next.clone());
            (items, (!is_last).then_some(next))
        })
    }

    /// `read` takes a page apart: its items, and the value of the parameter `turn` for the next one.
    fn of<P: DeserializeOwned + 'static>(
        draft: Draft,
        turn: &'static str,
        read: impl FnMut(P) -> (Vec<T>, Option<String>) + Send + 'static,
    ) -> Self {
        let (client, call) = draft.into_parts();
        let state = State { client, call: Some(call), turn, read, items: Vec::new().into_iter() };
        Self(Box::pin(stream::unfold(state, State::next)))
    }
}

struct State<T, R> {
    client: Client,
    /// The call of the next page; none when there is no further one.
    call: Option<Result<Call, Error>>,
    turn: &'static str,
    read: R,
    items: vec::IntoIter<T>,
}

impl<T, R> State<T, R> {
    async fn next<P: DeserializeOwned>(mut self) -> Option<(Result<T, Error>, Self)>
    where
        R: FnMut(P) -> (Vec<T>, Option<String>),
    {
        loop {
            if let Some(item) = self.items.next() {
                return Some((Ok(item), self));
            }
            if let Err(error) = self.fetch().await? {
                return Some((Err(error), self));
            }
        }
    }

    /// Fetches the next page; none when there is no further one.
    async fn fetch<P: DeserializeOwned>(&mut self) -> Option<Result<(), Error>>
    where
        R: FnMut(P) -> (Vec<T>, Option<String>),
    {
        let call = match self.call.take()? {
            Ok(call) => call,
            Err(error) => return Some(Err(error)),
        };
        let mut following = call.again();
        let page = match self.client.send(call).await.and_then(|it| it.json()) {
            Ok(page) => page,
            Err(error) => return Some(Err(error)),
        };
        let (items, next) = (self.read)(page);
        self.items = items.into_iter();
        self.call = next.map(|next| {
            following.query.retain(|(name, _)| name != self.turn);
            following.query.push((self.turn.to_owned(), next));
            Ok(following)
        });
        Some(Ok(()))
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> task::Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pages").finish_non_exhaustive()
    }
}
