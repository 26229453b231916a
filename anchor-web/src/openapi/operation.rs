//! One method of one path: what it is asked with, and what it answers.

use std::collections::BTreeMap;

use actix_web::Handler;
use actix_web::ResponseError as _;
use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::parts::{Part, Parts};
use super::refusals;
use super::schemas::Schemas;
use crate::error::SepError;

/// What a handler's types say, for the rest to be added.
pub(crate) fn of<F, Args>(_handler: F) -> Operation
where
    F: Handler<Args>,
    F::Output: Part,
    Args: Parts,
{
    F::Output::tell(Args::tell(Operation::default()))
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// Whoever has a SEP-10 token.
    Wallet,
    /// Everybody; those who say who they are have to prove it.
    Anybody,
    /// Everybody; a request may be signed (SEP-10).
    Signer,
    /// The browser that opened the flow.
    Visitor,
    /// The server of the business's own pages.
    PagesServer,
}

/// Encodings of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// JSON, a form, or a form with parts.
    Any,
    /// The same, or none.
    Optional,
    /// JSON only.
    Json,
    /// A form with files only.
    Multipart,
    /// As browsers send a page of ours.
    Form,
}

pub(super) const JSON: &str = "application/json";
pub(super) const HTML: &str = "text/html";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// See [`of`].
#[derive(Debug, Default)]
pub(crate) struct Operation {
    about: &'static str,
    is_deprecated: bool,
    who: Option<Who>,
    body: Option<Body>,
    fields: Vec<Field>,
    answers: BTreeMap<StatusCode, Answer>,
    pub(super) schemas: Schemas,
}

/// Something that is asked with.
#[derive(Debug)]
struct Field {
    place: Place,
    name: String,
    about: String,
    shape: Value,
    is_required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The body if there is one, else the query.
    Usual,
    Query,
    Path,
    Header,
}

#[derive(Debug, Clone)]
enum Answer {
    /// By content type; several shapes where several answers have the status.
    Told { about: String, contents: BTreeMap<&'static str, Vec<Value>>, headers: Map<String, Value> },
    /// As the protocols report errors.
    Refused,
}

impl Operation {
    pub(crate) fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    pub(crate) fn deprecated(self) -> Self {
        Self { is_deprecated: true, ..self }
    }

    pub(crate) fn asks_who(self, who: Who) -> Self {
        Self { who: Some(who), ..self }
    }

    /// With everything that can be wrong with a body.
    pub(crate) fn reads(self, body: Body) -> Self {
        Self { body: Some(body), ..self }
            .refuses(&SepError::too_slow())
            .refuses(&SepError::too_large(0))
            .refuses(&SepError::unsupported_media_type(""))
    }

    /// A body, and no more: pages refuse in their own way.
    pub(crate) fn takes(self, body: Body) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Something that has to be there.
    pub(crate) fn needs<T: ToSchema>(mut self, name: &'static str, about: &'static str) -> Self {
        let shape = self.schemas.shape::<T>();
        self.field(Place::Usual, name, about, shape, true)
    }

    /// Something that need not be there.
    pub(crate) fn may<T: ToSchema>(mut self, name: &'static str, about: &'static str) -> Self {
        let shape = self.schemas.shape::<T>();
        self.field(Place::Usual, name, about, shape, false)
    }

    /// One of these texts, where it is there at all.
    pub(crate) fn may_be<T: Into<String>>(
        self,
        name: &'static str,
        words: impl IntoIterator<Item = T>,
        about: &'static str,
    ) -> Self {
        self.field(Place::Usual, name, about, words_of(words), false)
    }

    /// One of these texts.
    pub(crate) fn has_to_be<T: Into<String>>(
        self,
        name: &'static str,
        words: impl IntoIterator<Item = T>,
        about: &'static str,
    ) -> Self {
        self.field(Place::Usual, name, about, words_of(words), true)
    }

    /// Something of another shape, which need not be there.
    pub(crate) fn shaped(self, name: &str, shape: Value, about: &str) -> Self {
        self.field(Place::Usual, name, about, shape, false)
    }

    /// Something of another shape, which has to be there.
    pub(crate) fn has(self, name: &str, shape: Value, about: &str) -> Self {
        self.field(Place::Usual, name, about, shape, true)
    }

    pub(crate) fn in_path<T: ToSchema>(mut self, name: &'static str, about: &'static str) -> Self {
        let shape = self.schemas.shape::<T>();
        self.field(Place::Path, name, about, shape, true)
    }

    pub(crate) fn in_query<T: ToSchema>(mut self, name: &'static str, about: &'static str) -> Self {
        let shape = self.schemas.shape::<T>();
        self.field(Place::Query, name, about, shape, false)
    }

    pub(crate) fn in_header<T: ToSchema>(mut self, name: &'static str, about: &'static str) -> Self {
        let shape = self.schemas.shape::<T>();
        self.field(Place::Header, name, about, shape, false)
    }

    fn field(mut self, place: Place, name: &str, about: &str, shape: Value, is_required: bool) -> Self {
        self.fields.push(Field { place, name: name.to_owned(), about: about.to_owned(), shape, is_required });
        self
    }

    /// A wire type as JSON.
    pub(crate) fn answers<T: ToSchema>(mut self, status: StatusCode, about: &'static str) -> Self {
        let shape = self.schemas.shape::<T>();
        self.told(status, about, Some((JSON, shape)))
    }

    /// An object with one member, which is a wire type.
    pub(crate) fn answers_under<T: ToSchema>(mut self, name: &'static str, about: &'static str) -> Self {
        let shape = self.schemas.shape::<T>();
        self.told(StatusCode::OK, about, Some((JSON, object_with(name, &shape))))
    }

    /// An object with one member, which is a list of a wire type.
    pub(crate) fn answers_list<T: ToSchema>(mut self, name: &'static str, about: &'static str) -> Self {
        let shape = json!({ "type": "array", "items": self.schemas.shape::<T>() });
        self.told(StatusCode::OK, about, Some((JSON, object_with(name, &shape))))
    }

    /// An object of which one member is a wire type.
    pub(crate) fn answers_with<T: ToSchema>(
        mut self,
        status: StatusCode,
        about: &'static str,
        name: &'static str,
        mut shape: Value,
    ) -> Self {
        shape["properties"][name] = self.schemas.shape::<T>();
        self.told(status, about, Some((JSON, shape)))
    }

    /// A body that no wire type says.
    pub(crate) fn answers_as(
        self,
        status: StatusCode,
        about: &'static str,
        content_type: &'static str,
        shape: Value,
    ) -> Self {
        self.told(status, about, Some((content_type, shape)))
    }

    /// No body.
    pub(crate) fn answers_nothing(self, status: StatusCode, about: &'static str) -> Self {
        self.told(status, about, None)
    }

    /// A page of ours.
    pub(crate) fn shows(self, status: StatusCode, about: &'static str) -> Self {
        self.told(status, about, Some((HTML, json!({ "type": "string" }))))
    }

    /// An error in the protocols' form, of this one's status.
    pub(crate) fn refuses(mut self, sample: &SepError) -> Self {
        self.answers.entry(sample.status_code()).or_insert(Answer::Refused);
        self
    }

    /// An answer with this status has this header, always.
    pub(crate) fn with_header(mut self, status: StatusCode, name: &str, about: &str) -> Self {
        if let Some(Answer::Told { headers, .. }) = self.answers.get_mut(&status) {
            headers.insert(name.to_owned(), refusals::header(about, true));
        }
        self
    }

    fn told(mut self, status: StatusCode, about: &str, content: Option<(&'static str, Value)>) -> Self {
        let as_refusal = self.schemas.shape::<crate::error::Body<'static>>();
        let answer = self.answers.entry(status).or_insert_with(|| Answer::Told {
            about: String::new(),
            contents: BTreeMap::new(),
            headers: Map::new(),
        });
        if let Answer::Refused = answer {
            // the same status with another body besides
            let about = refusals::reason(status).to_owned();
            let contents = BTreeMap::from([(JSON, vec![as_refusal])]);
            *answer = Answer::Told { about, contents, headers: Map::new() };
        }
        if let Answer::Told { about: all, contents, .. } = answer {
            let separator = if all.is_empty() { "" } else { "; or: " };
            *all = format!("{all}{separator}{about}");
            if let Some((content_type, shape)) = content {
                contents.entry(content_type).or_default().push(shape);
            }
        }
        self
    }

    /// Also the schema of the body that is asked for, by its name: several encodings have it. Without bodies of answers for
    /// `HEAD`.
    pub(super) fn as_json(
        &self,
        id: &str,
        tag: &str,
        common: &Map<String, Value>,
        has_bodies: bool,
    ) -> (Value, Option<(String, Value)>) {
        let answer = |(status, answer): (&StatusCode, &Answer)| {
            (status.as_str().to_owned(), answer.as_json(*status, common, has_bodies))
        };
        let mut operation = json!({
            "operationId": id,
            "tags": [tag],
            "summary": self.about,
            "responses": self.answers.iter().map(answer).collect::<Map<_, _>>(),
        });
        let parameters: Vec<_> =
            self.fields.iter().filter_map(|field| field.as_parameter(self.body)).collect();
        let mut add = |name: &str, value: Value| operation[name] = value;
        if !parameters.is_empty() {
            add("parameters", parameters.into());
        }
        let body = self.body.map(|body| (body, self.body_as_json()));
        let body = body.map(|(body, schema)| {
            let name = format!("{id}_body");
            add("requestBody", body.as_json(&name));
            (name, schema)
        });
        if self.is_deprecated {
            add("deprecated", true.into());
        }
        match self.who {
            Some(Who::Wallet) => add("security", json!([{ "sep10": [] }])),
            Some(Who::Anybody) => add("security", json!([{}, { "sep10": [] }])),
            Some(Who::Signer) => add("security", json!([{}, { "sep10_request": [] }])),
            Some(Who::Visitor) => add("security", json!([{ "visit": [] }])),
            Some(Who::PagesServer) => add("security", json!([{ "pages_server": [] }])),
            None => {}
        }
        (operation, body)
    }

    fn body_as_json(&self) -> Value {
        let fields = || self.fields.iter().filter(|field| field.place == Place::Usual);
        let properties: Map<_, _> = fields().map(|field| (field.name.clone(), field.as_property())).collect();
        let required: Vec<_> = fields().filter(|field| field.is_required).map(|field| &field.name).collect();
        let mut shape = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            shape["required"] = json!(required);
        }
        shape
    }
}

impl Body {
    fn as_json(self, schema: &str) -> Value {
        let content_types: &[_] = match self {
            Self::Any | Self::Optional => &[JSON, FORM, MULTIPART],
            Self::Json => &[JSON],
            Self::Multipart => &[MULTIPART],
            Self::Form => &[FORM, MULTIPART],
        };
        let shape = json!({ "schema": { "$ref": format!("#/components/schemas/{schema}") } });
        let content: Map<_, _> =
            content_types.iter().map(|name| ((*name).to_owned(), shape.clone())).collect();
        json!({ "required": self != Self::Optional, "content": content })
    }
}

impl Field {
    fn as_parameter(&self, body: Option<Body>) -> Option<Value> {
        let place = match self.place {
            Place::Usual if body.is_some() => return None,
            Place::Usual | Place::Query => "query",
            Place::Path => "path",
            Place::Header => "header",
        };
        let Self { name, about, shape, is_required, .. } = self;
        Some(json!({
            "name": name, "in": place, "required": is_required, "description": about, "schema": shape,
        }))
    }

    /// JSON Schema lets a description stand beside a reference.
    fn as_property(&self) -> Value {
        let mut property = self.shape.clone();
        property["description"] = self.about.as_str().into();
        property
    }
}

impl Answer {
    fn as_json(&self, status: StatusCode, common: &Map<String, Value>, has_bodies: bool) -> Value {
        let (about, contents, own) = match self {
            Self::Refused if has_bodies => return json!({ "$ref": refusals::reference(status) }),
            Self::Refused => return refusals::response(status, false),
            Self::Told { about, contents, headers } => (about, contents, headers),
        };
        let headers: Map<_, _> =
            common.iter().chain(own).map(|(name, header)| (name.clone(), header.clone())).collect();
        let mut response = json!({ "description": about, "headers": headers });
        if has_bodies && !contents.is_empty() {
            let content = contents.iter().map(|(content_type, shapes)| {
                let shape = match shapes.as_slice() {
                    [one] => one.clone(),
                    several => json!({ "anyOf": several }),
                };
                ((*content_type).to_owned(), json!({ "schema": shape }))
            });
            response["content"] = content.collect::<Map<_, _>>().into();
        }
        response
    }
}

fn words_of<T: Into<String>>(words: impl IntoIterator<Item = T>) -> Value {
    let words: Vec<String> = words.into_iter().map(Into::into).collect();
    json!({ "type": "string", "enum": words })
}

fn object_with(name: &str, shape: &Value) -> Value {
    json!({ "type": "object", "required": [name], "properties": { name: shape } })
}
