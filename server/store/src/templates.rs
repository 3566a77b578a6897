//! Templates: texts to fill in, each name once in a session.

use async_trait::async_trait;
use openwa_model::{
    id::{SessionId, TemplateId},
    store::{Result, StoreError, TemplateReads, TemplateWrites},
    template::Template,
};
use sqlx::query;

use crate::{
    dialect::{Row, Statement},
    row::{Fields, millis},
    work::{Source, Work},
    writer::Turn,
};

const NAME: &str = "a template with this name";

#[async_trait]
impl<S: Source> TemplateReads for Work<S> {
    async fn template(&mut self, id: TemplateId) -> Result<Option<Template>> {
        let row = self.source.one(query("SELECT * FROM templates WHERE id = $1").bind(id.to_string())).await?;
        row.map(|it| read(&it)).transpose()
    }

    async fn template_named(&mut self, session: SessionId, name: &str) -> Result<Option<Template>> {
        let statement = query("SELECT * FROM templates WHERE session = $1 AND name = $2");
        let row = self.source.one(statement.bind(session.to_string()).bind(name.to_owned())).await?;
        row.map(|it| read(&it)).transpose()
    }

    async fn templates(&mut self, session: SessionId) -> Result<Vec<Template>> {
        let statement = query("SELECT * FROM templates WHERE session = $1 ORDER BY created_at DESC, id DESC");
        self.source.all(statement.bind(session.to_string())).await?.iter().map(read).collect()
    }

    async fn count_templates(&mut self, session: SessionId) -> Result<u64> {
        let statement = query("SELECT COUNT(*) AS many FROM templates WHERE session = $1");
        let row = self.source.one(statement.bind(session.to_string())).await?;
        row.map_or(Ok(0), |it| Fields::of("templates", &it).count("many"))
    }
}

#[async_trait]
impl TemplateWrites for Work<Turn> {
    async fn add_template(&mut self, template: &Template) -> Result<()> {
        let statement = query(
            "INSERT INTO templates (id, name, body, header, footer, updated_at, session, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        );
        let statement = bind(statement, template).bind(template.session.to_string()).bind(millis(template.created_at));
        match self.source.run(statement).await? {
            0 => Err(StoreError::Conflict(NAME)),
            _ => Ok(()),
        }
    }

    async fn save_template(&mut self, template: &Template) -> Result<bool> {
        let statement =
            query("UPDATE templates SET name = $2, body = $3, header = $4, footer = $5, updated_at = $6 WHERE id = $1");
        match self.source.run(bind(statement, template)).await {
            Ok(changed) => Ok(changed > 0),
            Err(StoreError::Conflict(_)) => Err(StoreError::Conflict(NAME)),
            Err(error) => Err(error),
        }
    }

    async fn delete_template(&mut self, id: TemplateId) -> Result<bool> {
        Ok(self.source.run(query("DELETE FROM templates WHERE id = $1").bind(id.to_string())).await? > 0)
    }
}

fn bind<'q>(statement: Statement<'q>, template: &Template) -> Statement<'q> {
    statement
        .bind(template.id.to_string())
        .bind(template.name.clone())
        .bind(template.body.clone())
        .bind(template.header.clone())
        .bind(template.footer.clone())
        .bind(millis(template.updated_at))
}

fn read(row: &Row) -> Result<Template> {
    let fields = Fields::of("templates", row);
    Ok(Template {
        id: TemplateId(fields.parsed("id")?),
        session: SessionId(fields.parsed("session")?),
        name: fields.get("name")?,
        body: fields.get("body")?,
        header: fields.get("header")?,
        footer: fields.get("footer")?,
        created_at: fields.instant("created_at")?,
        updated_at: fields.instant("updated_at")?,
    })
}
