//! Templates: texts to fill in and send. Sending one stands with the other sends.

use openwa_core::{
    Gateway,
    gateway::{NewTemplate, TemplatePatch},
};
use openwa_model::template::Template;
use poem_openapi::{Object, OpenApi, param::Path, types::MaybeUndefined};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    answer::{Answer, Created, NoContent, Shown},
    app::Tag,
    auth::{Caller, NoChats, Operator},
    input::Body,
    wire::{Moment, Nullable, SessionPath, TemplatePath},
};

pub(crate) struct Templates(pub(crate) Gateway);

/// A template to make.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreateTemplate {
    /// Its name; no two templates of a session have the same.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// The text, with places to fill in written `{{name}}`.
    #[oai(validator(min_length = 1, max_length = 4096))]
    body: String,
    /// What stands above the text, with an empty line between.
    #[oai(validator(max_length = 1024))]
    header: Option<String>,
    /// What stands below the text, with an empty line between.
    #[oai(validator(max_length = 1024))]
    footer: Option<String>,
}

/// What to change about a template; what is left out stays.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct UpdateTemplate {
    /// Its name; no two templates of a session have the same.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
    /// The text, with places to fill in written `{{name}}`.
    #[oai(validator(min_length = 1, max_length = 4096))]
    body: Option<String>,
    /// What stands above the text; null takes it away.
    #[oai(nullable, validator(max_length = 1024))]
    header: MaybeUndefined<String>,
    /// What stands below the text; null takes it away.
    #[oai(nullable, validator(max_length = 1024))]
    footer: MaybeUndefined<String>,
}

/// One template.
#[derive(Object, Serialize)]
#[oai(rename = "Template", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct TemplateResponse {
    /// Its id.
    id: Uuid,
    /// Its session.
    session_id: Uuid,
    /// Its name.
    name: String,
    /// The text.
    body: String,
    /// What stands above it.
    header: Nullable<String>,
    /// What stands below it.
    footer: Nullable<String>,
    /// When it was made.
    created_at: Moment,
    /// When it last changed.
    updated_at: Moment,
}

impl From<Template> for TemplateResponse {
    fn from(it: Template) -> Self {
        Self {
            id: it.id.0,
            session_id: it.session.0,
            name: it.name,
            body: it.body,
            header: Nullable(it.header),
            footer: Nullable(it.footer),
            created_at: Moment(it.created_at),
            updated_at: Moment(it.updated_at),
        }
    }
}

/// Left out, taken away, or given.
fn change(given: MaybeUndefined<String>) -> Option<Option<String>> {
    match given {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(it) => Some(Some(it)),
    }
}

#[OpenApi]
impl Templates {
    /// List the templates of a session
    ///
    /// Newest first.
    #[oai(
        path = "/sessions/:sessionId/templates",
        method = "get",
        operation_id = "listTemplates",
        tag = "Tag::Templates"
    )]
    async fn list(
        &self,
        _caller: Caller<Operator, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<Vec<TemplateResponse>>> {
        let templates = self.0.templates(session.0.id()?).await?;
        Ok(Shown(templates.into_iter().map(Into::into).collect()))
    }

    /// Make a template
    ///
    /// Places to fill in are written `{{name}}`; `send-template` gives their values as `vars`.
    #[oai(
        path = "/sessions/:sessionId/templates",
        method = "post",
        operation_id = "createTemplate",
        tag = "Tag::Templates"
    )]
    async fn create(
        &self,
        _caller: Caller<Operator, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<CreateTemplate>,
    ) -> Answer<Created<TemplateResponse>> {
        let CreateTemplate { name, body, header, footer } = body.value;
        let new = NewTemplate { name, body, header, footer };
        Ok(Created(self.0.create_template(session.0.id()?, new).await?.into()))
    }

    /// Get a template
    #[oai(
        path = "/sessions/:sessionId/templates/:templateId",
        method = "get",
        operation_id = "getTemplate",
        tag = "Tag::Templates"
    )]
    async fn get(
        &self,
        _caller: Caller<Operator, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "templateId")] template: Path<TemplatePath>,
    ) -> Answer<Shown<TemplateResponse>> {
        Ok(Shown(self.0.template(session.0.id()?, template.0.id()?).await?.into()))
    }

    /// Change a template
    ///
    /// What is left out stays.
    #[oai(
        path = "/sessions/:sessionId/templates/:templateId",
        method = "put",
        operation_id = "updateTemplate",
        tag = "Tag::Templates"
    )]
    async fn update(
        &self,
        _caller: Caller<Operator, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "templateId")] template: Path<TemplatePath>,
        body: Body<UpdateTemplate>,
    ) -> Answer<Shown<TemplateResponse>> {
        let UpdateTemplate { name, body, header, footer } = body.value;
        let patch = TemplatePatch { name, body, header: change(header), footer: change(footer) };
        Ok(Shown(self.0.update_template(session.0.id()?, template.0.id()?, patch).await?.into()))
    }

    /// Delete a template
    ///
    /// What was sent with it stays.
    #[oai(
        path = "/sessions/:sessionId/templates/:templateId",
        method = "delete",
        operation_id = "deleteTemplate",
        tag = "Tag::Templates"
    )]
    async fn delete(
        &self,
        _caller: Caller<Operator, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "templateId")] template: Path<TemplatePath>,
    ) -> Answer<NoContent> {
        self.0.delete_template(session.0.id()?, template.0.id()?).await?;
        Ok(NoContent)
    }
}
