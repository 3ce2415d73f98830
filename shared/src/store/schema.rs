//! The table as it is made where no template makes it: the local home and the tests.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
};

use super::row::attribute;
use super::table::{Index, StoreError};

/// Makes the table with its two indexes, its stream and its TTL, if it is not there.
///
/// # Errors
/// When the engine refuses.
pub async fn create_table(client: &Client, name: &str) -> Result<(), StoreError> {
    if client.describe_table().table_name(name).send().await.is_ok() {
        return Ok(());
    }
    let refused = |error: &dyn std::fmt::Debug| StoreError::Refused(format!("the table cannot be made: {error:?}"));
    let build = |error: aws_sdk_dynamodb::error::BuildError| StoreError::Refused(error.to_string());
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let keys = |pk: &str, sk: &str| {
        Ok::<_, StoreError>(vec![
            key(pk, KeyType::Hash).map_err(build)?,
            key(sk, KeyType::Range).map_err(build)?,
        ])
    };
    let index = |index: Index, pk: &str, sk: &str| {
        let only_keys = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
        let index = GlobalSecondaryIndex::builder()
            .index_name(index.name())
            .set_key_schema(Some(keys(pk, sk)?));
        index.projection(only_keys).build().map_err(build)
    };
    let mut attributes = Vec::new();
    for name in [
        attribute::PK,
        attribute::SK,
        attribute::LIST_PK,
        attribute::LIST_SK,
        attribute::DUE_PK,
        attribute::DUE_SK,
    ] {
        let definition = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S);
        attributes.push(definition.build().map_err(build)?);
    }
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages);
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(keys(attribute::PK, attribute::SK)?))
        .set_attribute_definitions(Some(attributes))
        .global_secondary_indexes(index(Index::List, attribute::LIST_PK, attribute::LIST_SK)?)
        .global_secondary_indexes(index(Index::Due, attribute::DUE_PK, attribute::DUE_SK)?)
        .stream_specification(stream.build().map_err(build)?)
        .send()
        .await
        .map_err(|error| refused(&error))?;
    let ttl = TimeToLiveSpecification::builder()
        .enabled(true)
        .attribute_name(attribute::EXPIRES);
    client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(ttl.build().map_err(build)?)
        .send()
        .await
        .map_err(|error| refused(&error))?;
    Ok(())
}
