//! Binds a handler to its path and to its OpenAPI description in one step, so
//! that the document lists exactly what the router answers.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::rules::{Readers, complete, secure};
use crate::access::{Needs, permit};
use crate::state::ApiState;

/// A router and the description of what is in it.
pub(crate) struct Operations {
    readers: Readers,
    router: OpenApiRouter<ApiState>,
}

impl Operations {
    pub(crate) fn new(readers: Readers) -> Self {
        Self {
            readers,
            router: OpenApiRouter::default(),
        }
    }

    /// Answers `line`, as `GET /v1/agencies`, with the one handler of `route`, to
    /// those who have what it needs.
    ///
    /// # Panics
    /// Where the handler's description names another method or path: when the
    /// router is built, so in every test.
    pub(crate) fn on(
        mut self,
        line: &'static str,
        needs: Needs,
        mut route: UtoipaMethodRouter<ApiState>,
    ) -> Self {
        let (_, paths, _) = &mut route;
        let mut operations: Vec<(String, &mut Operation)> = paths
            .paths
            .iter_mut()
            .flat_map(|(path, item)| {
                methods(item)
                    .map(move |(method, operation)| (format!("{method} {path}"), operation))
            })
            .collect();
        match operations.as_mut_slice() {
            [(described, operation)] if described == line => {
                complete(operation, line, self.readers);
                secure(operation, needs);
            }
            others => {
                let others: Vec<&String> = others.iter().map(|(line, _)| line).collect();
                panic!("what answers {line} is described as {others:?}");
            }
        }
        if let Needs::May(permission) = needs {
            let (schemas, paths, handler) = route;
            let permitted =
                from_fn(move |request: Request, next: Next| permit(permission, request, next));
            route = (schemas, paths, handler.route_layer(permitted));
        }
        self.router = self.router.routes(route);
        self
    }

    /// Adds the descriptions to the document, and gives the router.
    pub(crate) fn describe(self, document: &mut OpenApi) -> Router<ApiState> {
        let (router, described) = self.router.split_for_parts();
        document.merge(described);
        router
    }
}

/// The operations of a path, each with its method.
fn methods(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("GET", &mut item.get),
        ("POST", &mut item.post),
        ("PUT", &mut item.put),
        ("PATCH", &mut item.patch),
        ("DELETE", &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
