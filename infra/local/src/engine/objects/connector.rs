//! The SDK's network, without one, as for the table: a request goes to the buckets in this process and its answer comes
//! back. Signatures are made and checked all the same.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use axum::body::{Body, Bytes};
use s3s::service::S3Service;

/// A client whose one connector leads to `service`.
pub(super) fn http_client(service: S3Service) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(InProcess(service));
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct InProcess(S3Service);

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(exchange(self.0.clone(), request))
    }
}

async fn exchange(service: S3Service, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| ConnectorError::other(error, None);
    let request = request.try_into_http1x().map_err(|e| broken(e.into()))?;
    let bytes = request.body().bytes().map(Bytes::copy_from_slice);
    let bytes = bytes.ok_or_else(|| ConnectorError::user("objects are not streamed".into()))?;
    let mut request = request.map(|_| s3s::Body::from(bytes));
    // A network's client would say it, and it is signed.
    if let Some(host) = request.uri().authority().and_then(|host| host.as_str().parse().ok()) {
        request.headers_mut().insert(http::header::HOST, host);
    }
    let answer = service
        .call(request)
        .await
        .map_err(|e| broken(format!("{e:?}").into()))?;
    let (parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(Body::new(body), usize::MAX)
        .await
        .map_err(|e| ConnectorError::io(e.into()))?;
    let answer = http::Response::from_parts(parts, SdkBody::from(bytes));
    HttpResponse::try_from(answer).map_err(|e| broken(e.into()))
}
