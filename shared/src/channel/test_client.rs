//! An SDK client for tests that answers every request with the same words, and keeps the last request's body.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use std::sync::{Arc, Mutex};

/// The provider at the other end.
#[derive(Debug, Clone)]
pub struct Provider {
    status: u16,
    answer: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

/// Settings of a client whose provider answers `status` and `answer`.
pub fn sdk(status: u16, answer: &str) -> (SdkConfig, Provider) {
    let provider = Provider {
        status,
        answer: answer.to_owned(),
        heard: Arc::default(),
    };
    let credentials = aws_sdk_sns::config::Credentials::new("id", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(aws_sdk_sns::config::SharedCredentialsProvider::new(credentials))
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .http_client(provider.clone())
        .build();
    (config, provider)
}

/// The body of the last request.
pub fn heard(provider: &Provider) -> Vec<u8> {
    provider.heard.lock().unwrap().clone()
}

impl HttpClient for Provider {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Provider {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        *self.heard.lock().unwrap() = request.body().bytes().unwrap_or_default().to_vec();
        let response = HttpResponse::new(self.status.try_into().unwrap(), SdkBody::from(self.answer.clone()));
        HttpConnectorFuture::ready(Ok(response))
    }
}
