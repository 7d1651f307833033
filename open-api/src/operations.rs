//! Binds a handler to its path and to its OpenAPI description in one step, so
//! that the document lists exactly what the router answers.

use axum::Router;
use axum::handler::Handler;
use axum::routing::MethodFilter;
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::Path;
use utoipa::openapi::path::{HttpMethod, Paths};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Components, OpenApi, RefOr};

use crate::operation_rules::{Readers, complete};
use crate::state::ApiState;

/// A router and the description of what is in it.
pub(crate) struct Operations {
    readers: Readers,
    router: Router<ApiState>,
    paths: Paths,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Operations {
    pub(crate) fn new(readers: Readers) -> Self {
        Self {
            readers,
            router: Router::new(),
            paths: Paths::new(),
            schemas: Vec::new(),
        }
    }

    /// Answers `method path`, as `GET /v1/agencies`, with `handler`.
    ///
    /// # Panics
    /// Where the description names another method or path: when the router is
    /// built, so in every test.
    pub(crate) fn on<H, T, D>(mut self, line: &'static str, handler: H, _description: D) -> Self
    where
        H: Handler<T, ApiState>,
        T: 'static,
        D: Path + SchemaReferences + for<'t> Tags<'t>,
    {
        let (method, path) = line.split_once(' ').expect("method and path");
        let (method, filter) = match method {
            "GET" => (HttpMethod::Get, MethodFilter::GET),
            "POST" => (HttpMethod::Post, MethodFilter::POST),
            "PATCH" => (HttpMethod::Patch, MethodFilter::PATCH),
            "PUT" => (HttpMethod::Put, MethodFilter::PUT),
            "DELETE" => (HttpMethod::Delete, MethodFilter::DELETE),
            other => panic!("{other} is none of the methods that are used here"),
        };
        assert_eq!(
            D::path(),
            path,
            "the description of {line} names another path"
        );
        assert!(
            D::methods() == [method.clone()],
            "the description of {line} names another method"
        );
        let mut operation = D::operation();
        operation.tags = Some(D::tags().into_iter().map(str::to_owned).collect());
        complete(&mut operation, line, self.readers);
        self.paths.add_path_operation(path, vec![method], operation);
        D::schemas(&mut self.schemas);
        self.router = self.router.route(path, axum::routing::on(filter, handler));
        self
    }

    /// Adds the descriptions to the document, and gives the router.
    pub(crate) fn describe(self, document: &mut OpenApi) -> Router<ApiState> {
        for (path, item) in self.paths.paths {
            document.paths.paths.insert(path, item);
        }
        document
            .components
            .get_or_insert_with(Components::new)
            .schemas
            .extend(self.schemas);
        self.router
    }
}
