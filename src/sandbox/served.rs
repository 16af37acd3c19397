//! Endpoints that a test serves with its own functions.

use std::sync::Arc;

use super::answer::Answer;
use super::faults::path_fits;
use super::message::ReceivedRequest;

pub(super) type Handle = Arc<dyn Fn(&ReceivedRequest) -> Answer + Send + Sync>;

#[derive(Default)]
pub(super) struct Served(Vec<Endpoint>);

struct Endpoint {
    method: String,
    path: String,
    handle: Handle,
}

impl Served {
    pub(super) fn add(&mut self, method: &str, path: &str, handle: Handle) {
        let (method, path) = (method.to_owned(), path.to_owned());
        self.0.push(Endpoint {
            method,
            path,
            handle,
        });
    }

    /// Whether a route, in which `*` matches any method or segment, matches an endpoint.
    pub(super) fn has_route(&self, method: &str, path: &str) -> bool {
        self.0.iter().any(|endpoint| {
            let is_at = path_fits(&endpoint.path, path) || path_fits(path, &endpoint.path);
            ["*", &endpoint.method].contains(&method) && is_at
        })
    }

    /// The latest endpoint that matches.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<Handle> {
        let mut endpoints = self.0.iter().rev();
        let found =
            endpoints.find(|endpoint| endpoint.method == method && path_fits(&endpoint.path, path));
        found.map(|endpoint| Arc::clone(&endpoint.handle))
    }
}
