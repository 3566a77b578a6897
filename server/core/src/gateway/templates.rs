//! Templates: made, changed, and filled in when they are sent.

use std::collections::BTreeMap;

use openwa_model::{
    id::{SessionId, TemplateId},
    store::{StoreError, View},
    template::Template,
};

use super::{Gateway, Result};
use crate::error::GatewayError;

/// More templates than anyone writes; a list of them is one answer.
const MOST_TEMPLATES: u64 = 1000;

/// A template to be made.
#[derive(Clone, Debug)]
pub struct NewTemplate {
    /// Its name, unique within the session.
    pub name: String,
    /// The text.
    pub body: String,
    /// What stands above it.
    pub header: Option<String>,
    /// What stands below it.
    pub footer: Option<String>,
}

/// What to change about a template; `None` leaves it as it is.
#[derive(Clone, Default, Debug)]
pub struct TemplatePatch {
    /// Its name.
    pub name: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// What stands above it; an inner `None` takes it away.
    pub header: Option<Option<String>>,
    /// What stands below it; an inner `None` takes it away.
    pub footer: Option<Option<String>>,
}

/// How a template is named by whoever sends it.
#[derive(Clone, Debug)]
pub enum TemplateChoice {
    /// By its id.
    Id(TemplateId),
    /// By its name.
    Name(String),
}

impl Gateway {
    /// A session's templates, newest first.
    pub async fn templates(&self, session: SessionId) -> Result<Vec<Template>> {
        Ok(self.view_of(session).await?.templates(session).await?)
    }

    /// One template of a session.
    pub async fn template(&self, session: SessionId, id: TemplateId) -> Result<Template> {
        let found = self.view_of(session).await?.template(id).await?;
        found.filter(|it| it.session == session).ok_or(GatewayError::TemplateNotFound(id))
    }

    /// Makes a template.
    pub async fn create_template(&self, session: SessionId, new: NewTemplate) -> Result<Template> {
        let now = self.now();
        let NewTemplate { name, body, header, footer } = new;
        let id = TemplateId(self.0.context.ports.minter.uuid(now));
        let template = Template { id, session, name, body, header, footer, created_at: now, updated_at: now };
        let mut unit = self.store().begin().await?;
        unit.session(session).await?.ok_or(GatewayError::SessionNotFound(session))?;
        if unit.count_templates(session).await? >= MOST_TEMPLATES {
            let sentence = format!("A session can have at most {MOST_TEMPLATES} templates");
            return Err(GatewayError::InvalidInput(sentence));
        }
        match unit.add_template(&template).await {
            Err(StoreError::Conflict(_)) => return Err(GatewayError::TemplateNameTaken(template.name)),
            added => added?,
        }
        unit.commit().await?;
        Ok(template)
    }

    /// Changes a template.
    pub async fn update_template(&self, session: SessionId, id: TemplateId, patch: TemplatePatch) -> Result<Template> {
        self.view_of(session).await?;
        let mut unit = self.store().begin().await?;
        let found = unit.template(id).await?.filter(|it| it.session == session);
        let before = found.ok_or(GatewayError::TemplateNotFound(id))?;
        let TemplatePatch { name, body, header, footer } = patch;
        let template = Template {
            name: name.unwrap_or(before.name),
            body: body.unwrap_or(before.body),
            header: header.unwrap_or(before.header),
            footer: footer.unwrap_or(before.footer),
            updated_at: self.now(),
            ..before
        };
        match unit.save_template(&template).await {
            Err(StoreError::Conflict(_)) => return Err(GatewayError::TemplateNameTaken(template.name)),
            saved => _ = saved?,
        }
        unit.commit().await?;
        Ok(template)
    }

    /// Deletes a template. What was sent with it stays.
    pub async fn delete_template(&self, session: SessionId, id: TemplateId) -> Result<()> {
        self.view_of(session).await?;
        let mut unit = self.store().begin().await?;
        unit.template(id).await?.filter(|it| it.session == session).ok_or(GatewayError::TemplateNotFound(id))?;
        unit.delete_template(id).await?;
        unit.commit().await?;
        Ok(())
    }

    /// The text of a template with its places filled in.
    pub(crate) async fn filled_in(
        &self,
        view: &mut dyn View,
        session: SessionId,
        choice: TemplateChoice,
        values: &BTreeMap<String, String>,
    ) -> Result<String> {
        let template = match choice {
            TemplateChoice::Id(id) => {
                let found = view.template(id).await?.filter(|it| it.session == session);
                found.ok_or(GatewayError::TemplateNotFound(id))?
            }
            TemplateChoice::Name(name) => {
                let found = view.template_named(session, &name).await?;
                found.ok_or(GatewayError::TemplateNameNotFound(name))?
            }
        };
        let most = self.settings().template_max_chars;
        let too_long = || GatewayError::InvalidInput(format!("Rendered template is over the {most}-character limit"));
        template.render(values, most).ok_or_else(too_long)
    }
}
