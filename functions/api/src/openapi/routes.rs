//! Routes and their descriptions, apart: a start of the function makes the routes, and only who asks for the document has the
//! descriptions made, which cost more than all else that the function does before its first request.

use axum::Router;
use axum::routing::MethodRouter;
use shared::ctx::Ctx;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// Handlers of one path, and how to describe them.
pub struct Endpoint {
    pub path: String,
    pub handlers: MethodRouter<Ctx>,
    pub describe: fn() -> UtoipaMethodRouter<Ctx>,
}

/// Some of the function's routes.
#[derive(Default)]
pub struct Routes {
    router: Router<Ctx>,
    described: Vec<fn() -> UtoipaMethodRouter<Ctx>>,
}

impl Routes {
    /// These and the endpoint that [`routes!`] makes of handlers.
    pub fn routes(mut self, endpoint: Endpoint) -> Self {
        self.router = self.router.route(&endpoint.path, endpoint.handlers);
        self.described.push(endpoint.describe);
        self
    }

    /// Both.
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.described.extend(other.described);
        self
    }

    /// What answers.
    pub fn into_router(self) -> Router<Ctx> {
        self.router
    }

    /// What is said of it.
    pub fn into_openapi(self) -> utoipa::openapi::OpenApi {
        let described = self.described.into_iter().map(|describe| describe());
        described
            .fold(OpenApiRouter::new(), OpenApiRouter::routes)
            .into_openapi()
    }
}

/// Routes that are no part of the description: pages.
impl From<Router<Ctx>> for Routes {
    fn from(router: Router<Ctx>) -> Self {
        Self {
            router,
            described: Vec::new(),
        }
    }
}

/// An [`Endpoint`] of handlers of the same path, each with its `#[utoipa::path]`.
macro_rules! routes {
    ($first:ident $(, $more:ident)* $(,)?) => {
        utoipa_axum::paste! {{
            use utoipa::Path as _;
            use utoipa_axum::PathItemExt as _;
            let mut handlers = axum::routing::MethodRouter::new();
            for method in [<__path_ $first>]::methods() {
                handlers = handlers.on(method.to_method_filter(), $first);
            }
            $(for method in [<__path_ $more>]::methods() {
                handlers = handlers.on(method.to_method_filter(), $more);
            })*
            $crate::openapi::Endpoint {
                path: [<__path_ $first>]::path(),
                handlers,
                describe: || utoipa_axum::routes!($first $(, $more)*),
            }
        }}
    };
}
pub(crate) use routes;
