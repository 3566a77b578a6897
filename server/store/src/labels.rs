//! Labels, and the chats that carry them.

use async_trait::async_trait;
use openwa_model::{
    id::SessionId,
    jid::Jid,
    label::Label,
    store::{LabelReads, LabelWrites, Result},
};
use sqlx::query;

use crate::{
    dialect::Row,
    row::Fields,
    work::{Source, Work},
    writer::Turn,
};

#[async_trait]
impl<S: Source> LabelReads for Work<S> {
    async fn label(&mut self, session: SessionId, id: &str) -> Result<Option<Label>> {
        let statement = query("SELECT * FROM labels WHERE session = $1 AND id = $2");
        let row = self.source.one(statement.bind(session.to_string()).bind(id.to_owned())).await?;
        row.map(|it| read(&it)).transpose()
    }

    async fn labels(&mut self, session: SessionId) -> Result<Vec<Label>> {
        let statement = query("SELECT * FROM labels WHERE session = $1 ORDER BY id");
        self.source.all(statement.bind(session.to_string())).await?.iter().map(read).collect()
    }

    async fn labels_of_chat(&mut self, session: SessionId, chat: &Jid) -> Result<Vec<Label>> {
        let statement = query(
            "SELECT labels.* FROM labels JOIN label_chats ON label_chats.session = labels.session \
             AND label_chats.label = labels.id WHERE labels.session = $1 AND label_chats.chat = $2 ORDER BY labels.id",
        );
        self.source.all(statement.bind(session.to_string()).bind(chat.to_string())).await?.iter().map(read).collect()
    }

    async fn chats_with_label(&mut self, session: SessionId, id: &str) -> Result<Vec<Jid>> {
        let statement = query("SELECT chat FROM label_chats WHERE session = $1 AND label = $2 ORDER BY chat");
        let rows = self.source.all(statement.bind(session.to_string()).bind(id.to_owned())).await?;
        rows.iter().map(|it| Fields::of("label_chats", it).parsed("chat")).collect()
    }
}

#[async_trait]
impl LabelWrites for Work<Turn> {
    async fn save_label(&mut self, session: SessionId, label: &Label) -> Result<()> {
        let statement = query(
            "INSERT INTO labels (session, id, name, color) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (session, id) DO UPDATE SET name = excluded.name, color = excluded.color",
        );
        let statement = statement
            .bind(session.to_string())
            .bind(label.id.clone())
            .bind(label.name.clone())
            .bind(i64::from(label.color));
        self.source.run(statement).await.map(drop)
    }

    async fn delete_label(&mut self, session: SessionId, id: &str) -> Result<bool> {
        let statement = query("DELETE FROM label_chats WHERE session = $1 AND label = $2");
        self.source.run(statement.bind(session.to_string()).bind(id.to_owned())).await?;
        let statement = query("DELETE FROM labels WHERE session = $1 AND id = $2");
        Ok(self.source.run(statement.bind(session.to_string()).bind(id.to_owned())).await? > 0)
    }

    async fn label_chat(&mut self, session: SessionId, id: &str, chat: &Jid, is_labeled: bool) -> Result<()> {
        let statement = query(match is_labeled {
            true => "INSERT INTO label_chats (session, label, chat) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            false => "DELETE FROM label_chats WHERE session = $1 AND label = $2 AND chat = $3",
        });
        let statement = statement.bind(session.to_string()).bind(id.to_owned()).bind(chat.to_string());
        self.source.run(statement).await.map(drop)
    }
}

fn read(row: &Row) -> Result<Label> {
    let fields = Fields::of("labels", row);
    Ok(Label { id: fields.get("id")?, name: fields.get("name")?, color: fields.count("color")? })
}
