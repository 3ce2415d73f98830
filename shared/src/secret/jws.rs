//! Tokens that others sign (JSON Web Signature, RFC 7515): whether one was signed with a key that its signer shows (RFC
//! 7517).
//!
//! Two algorithms, which all providers of identities have: RS256 and ES256. What is absent on purpose: `none`,
//! algorithms with a shared secret, keys or addresses of keys inside a token, and any meaning of what is signed. (The
//! crates that read such tokens bring cryptographic libraries of their own, or other parts of ours; all that is needed
//! of one is here.)

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::Value;

/// The keys that a signer shows.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// One of them. Kinds that are not known here are kept and never fit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Key {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    alg: Option<String>,
    crv: String,
    n: String,
    e: String,
    x: String,
    y: String,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// What must be understood to judge the token: nothing of it is.
    crit: Option<Value>,
}

/// A token that none of the keys has signed, or that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not signed with any of the signer's keys")]
pub struct NotSigned;

impl KeySet {
    /// What `token` says, if one of these keys has signed it.
    ///
    /// # Errors
    /// When none has, or it is no token.
    pub fn payload_of(&self, token: &str) -> Result<Vec<u8>, NotSigned> {
        let (signed, signature) = token.rsplit_once('.').ok_or(NotSigned)?;
        let (header, payload) = signed.split_once('.').ok_or(NotSigned)?;
        let read = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| NotSigned);
        let signature = read(signature)?;
        let header: Header = serde_json::from_slice(&read(header)?).map_err(|_| NotSigned)?;
        let is_signed = |key: &Key| key.is_for(&header) && key.has_signed(&header.alg, signed.as_bytes(), &signature);
        if header.crit.is_some() || !self.keys.iter().any(is_signed) {
            return Err(NotSigned);
        }
        read(payload)
    }
}

impl Key {
    /// Whether it may have signed a token with this header. One without a name may be by any.
    fn is_for(&self, header: &Header) -> bool {
        let is_named = header.kid.is_none() || self.kid == header.kid;
        is_named
            && self.r#use.as_deref().is_none_or(|usage| usage == "sig")
            && self.alg.as_deref().is_none_or(|alg| alg == header.alg)
    }

    fn has_signed(&self, alg: &str, signed: &[u8], signature: &[u8]) -> bool {
        let number = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap_or_default();
        match (alg, self.kty.as_str(), self.crv.as_str()) {
            ("RS256", "RSA", _) => {
                let (n, e) = (number(&self.n), number(&self.e));
                let key = RsaPublicKeyComponents {
                    n: without_zeros(&n),
                    e: without_zeros(&e),
                };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
            }
            ("ES256", "EC", "P-256") => {
                // An uncompressed point: 4, and its two coordinates.
                let point = [&[4], &number(&self.x)[..], &number(&self.y)].concat();
                let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
                key.verify(signed, signature).is_ok()
            }
            _ => false,
        }
    }
}

/// Some write a zero before a number, so that it is not taken for a negative one.
fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7515, appendix A.3: signed with ES256.
    const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    /// RFC 7515, appendix A.2: signed with RS256.
    const RS256: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    fn ec() -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        })
    }

    fn rsa() -> Value {
        json!({
            "kty": "RSA", "e": "AQAB",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        })
    }

    fn keys(keys: &[Value]) -> KeySet {
        serde_json::from_value(json!({ "keys": keys })).unwrap()
    }

    fn with(mut key: Value, name: &str, value: &str) -> Value {
        key[name] = value.into();
        key
    }

    #[test]
    fn what_one_of_the_keys_has_signed_is_read() {
        let other = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let both = keys(&[other, ec(), rsa()]);
        for token in [ES256, RS256] {
            let payload: Value = serde_json::from_slice(&both.payload_of(token).unwrap()).unwrap();
            assert_eq!(payload["iss"], "joe");
        }
        // The number with a zero before it.
        let n = BASE64URL_NOPAD.decode(rsa()["n"].as_str().unwrap().as_bytes()).unwrap();
        let zero = with(rsa(), "n", &BASE64URL_NOPAD.encode(&[&[0], &n[..]].concat()));
        assert!(keys(&[zero]).payload_of(RS256).is_ok());
    }

    #[test]
    fn what_is_altered_or_of_another_key_is_not() {
        let both = keys(&[ec(), rsa()]);
        for token in [ES256, RS256] {
            let [header, payload, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
            let none = BASE64URL_NOPAD.encode(br#"{"alg":"none"}"#);
            let shared = BASE64URL_NOPAD.encode(br#"{"alg":"HS256"}"#);
            let critical = BASE64URL_NOPAD.encode(br#"{"alg":"ES256","crit":["exp"]}"#);
            for forged in [
                format!("{header}.{payload}."),
                format!("{header}.{payload}"),
                format!("{header}.{payload}.{signature}.x"),
                format!("{header}.{}.{signature}", payload.replacen('e', "f", 1)),
                format!("{header}.{payload}.{}", signature.replacen(['C', 'c'], "d", 1)),
                format!("{none}.{payload}."),
                format!("{none}.{payload}.{signature}"),
                format!("{shared}.{payload}.{signature}"),
                format!("{critical}.{payload}.{signature}"),
                String::new(),
                "..".into(),
            ] {
                assert_eq!(both.payload_of(&forged), Err(NotSigned), "{forged}");
            }
        }
        assert!(keys(&[rsa()]).payload_of(ES256).is_err() && keys(&[ec()]).payload_of(RS256).is_err());
        assert!(KeySet::default().payload_of(ES256).is_err());
    }

    #[test]
    fn a_key_signs_what_it_is_there_for() {
        for (name, value, may) in [
            ("use", "sig", true),
            ("use", "enc", false),
            ("alg", "ES256", true),
            ("alg", "RS256", false),
            ("kid", "one", true),
            ("x", "AA", false),
            ("crv", "P-384", false),
        ] {
            let key = keys(&[with(ec(), name, value)]);
            assert_eq!(key.payload_of(ES256).is_ok(), may, "{name} {value}");
        }
        let named = |kid: Option<&str>| Header {
            alg: "ES256".into(),
            kid: kid.map(str::to_owned),
            crit: None,
        };
        let key: Key = serde_json::from_value(with(ec(), "kid", "one")).unwrap();
        assert!(key.is_for(&named(Some("one"))) && key.is_for(&named(None)) && !key.is_for(&named(Some("two"))));
    }
}
