//! Finding messages by their words, with SQLite's own full-text index; another database needs its own statement here.

use async_trait::async_trait;
use openwa_model::{
    search::{Hit, MARK_BEGIN, MARK_END, SearchFilter},
    store::{Page, Result, SearchReads},
};
use sqlx::QueryBuilder;

use crate::{
    dialect::{Database, Row, list},
    message_reads::read,
    row::{Fields, millis},
    work::{Source, Work},
};

/// More words are not looked for.
const MOST_WORDS: usize = 16;
/// How many words a snippet has.
const SNIPPET_WORDS: &str = "16";

#[async_trait]
impl<S: Source> SearchReads for Work<S> {
    async fn search_messages(&mut self, filter: &SearchFilter, page: Page) -> Result<(Vec<Hit>, u64)> {
        let Some(words) = words(&filter.text) else { return Ok((Vec::new(), 0)) };
        let mut builder = QueryBuilder::new("SELECT COUNT(*) AS count FROM message_words JOIN messages ");
        narrow(&mut builder, &words, filter);
        let counted = self.source.one(builder.build().persistent(false)).await?;
        let total = counted.map_or(Ok(0), |it| Fields::of("messages", &it).count("count"))?;

        let mut builder = QueryBuilder::new("SELECT messages.*, snippet(message_words, 0, ");
        builder.push_bind(MARK_BEGIN).push(", ").push_bind(MARK_END).push(", '…', ").push(SNIPPET_WORDS);
        builder.push(") AS snippet, -bm25(message_words) AS score FROM message_words JOIN messages ");
        narrow(&mut builder, &words, filter);
        builder.push(" ORDER BY messages.sent_at DESC, messages.rowid DESC LIMIT ").push_bind(i64::from(page.limit));
        builder.push(" OFFSET ").push_bind(i64::from(page.offset));
        let rows = self.source.all(builder.build().persistent(false)).await?;
        let hit = |row: &Row| {
            let fields = Fields::of("messages", row);
            Ok(Hit { message: read(row)?, snippet: fields.get("snippet")?, score: fields.get("score")? })
        };
        Ok((rows.iter().map(hit).collect::<Result<_>>()?, total))
    }
}

/// The words as the index is asked for them: each quoted, so that none of them is a command, the last one as a
/// beginning. Nothing where there is no word in the text.
fn words(text: &str) -> Option<String> {
    let words = text.split(|it: char| it.is_whitespace() || it == '"' || it == '\0');
    let words = words.filter(|it| it.chars().any(char::is_alphanumeric)).take(MOST_WORDS);
    let quoted = words.map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(" ");
    (!quoted.is_empty()).then(|| quoted + "*")
}

fn narrow(builder: &mut QueryBuilder<Database>, words: &str, filter: &SearchFilter) {
    builder.push("ON messages.rowid = message_words.rowid WHERE message_words MATCH ").push_bind(words.to_owned());
    let lists = [
        (" AND messages.session IN ", filter.sessions.as_ref().map(list)),
        (" AND messages.chat IN ", filter.chats.as_ref().map(list)),
    ];
    for (condition, list) in lists {
        if let Some(list) = list {
            builder.push(condition).push("(SELECT value FROM json_each(").push_bind(list).push("))");
        }
    }
    let texts = [
        (" AND messages.sender = ", filter.sender.as_ref().map(ToString::to_string)),
        (" AND messages.kind = ", filter.kind.map(|it| it.name().to_owned())),
    ];
    for (condition, text) in texts {
        if let Some(text) = text {
            builder.push(condition).push_bind(text);
        }
    }
    let numbers = [
        (" AND messages.from_me = ", filter.from_me.map(i64::from)),
        (" AND messages.sent_at >= ", filter.since.map(millis)),
        (" AND messages.sent_at <= ", filter.until.map(millis)),
    ];
    for (condition, number) in numbers {
        if let Some(number) = number {
            builder.push(condition).push_bind(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn what_people_type_is_never_a_command() {
        for (text, asked) in [
            ("order", Some("\"order\"*")),
            ("  your  order ", Some("\"your\" \"order\"*")),
            ("a OR b", Some("\"a\" \"OR\" \"b\"*")),
            ("body:x*", Some("\"body:x*\"*")),
            ("say \"hi\"", Some("\"say\" \"hi\"*")),
            ("l'été", Some("\"l'été\"*")),
            ("!!! -- \"", None),
            ("", None),
        ] {
            assert_eq!(words(text).as_deref(), asked, "{text}");
        }
    }
}
