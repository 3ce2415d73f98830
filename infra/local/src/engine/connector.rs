//! The SDK's network, without one: a request goes to the engine in this process and its answer comes back.
//!
//! The URI and the timeouts of a connection mean nothing here and are not looked at; the operation is
//! named by a header, as on AWS. (The time limit of a whole call is the SDK's own and holds.)

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use super::{Engine, wire};

/// A client whose one connector leads to `engine`.
pub(super) fn http_client(engine: Arc<Engine>) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(InProcess(engine));
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct InProcess(Arc<Engine>);

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(exchange(Arc::clone(&self.0), request))
    }
}

async fn exchange(engine: Arc<Engine>, mut request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
    let body = request.take_body();
    if body.bytes().is_none() {
        return Err(ConnectorError::user("DynamoDB requests are not streamed".into()));
    }
    let answer = engine
        .run(wire::access(&target), move |engine| {
            let answer = wire::answer(&engine.database, &target, body.bytes().unwrap_or_default());
            // Here and not after the await: the write stands even when its caller has gone.
            if answer.wrote {
                engine.written.send_replace(());
            }
            answer
        })
        .await
        .map_err(|e| ConnectorError::io(e.into()))?;
    let status = StatusCode::try_from(answer.status).map_err(|e| ConnectorError::other(e.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    response.headers_mut().insert("content-type", wire::CONTENT_TYPE);
    Ok(response)
}
