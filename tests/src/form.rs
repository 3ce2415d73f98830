//! Forms with a file in them, as browsers send them (`multipart/form-data`, RFC 7578).

const BOUNDARY: &str = "----nightbell-form";

/// The fields of a form as an answer of the API has them: an object of texts.
///
/// # Panics
/// When it is none.
pub fn fields(object: &serde_json::Value) -> Vec<(String, String)> {
    let fields = object.as_object().expect("fields").iter();
    fields
        .map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned()))
        .collect()
}

/// The same fields, one of them with another value.
pub fn with(fields: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let changed = fields.iter().map(|(field, kept)| {
        let value = if field == name { value } else { kept };
        (field.clone(), value.to_owned())
    });
    changed.collect()
}

/// `Content-Type` and body of a form with these fields and, last, this file.
pub fn form(fields: &[(String, String)], file: &[u8]) -> (String, Vec<u8>) {
    let mut body = Vec::with_capacity(file.len() + 8_192);
    for (name, value) in fields {
        let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"me.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
