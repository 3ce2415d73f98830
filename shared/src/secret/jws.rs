//! Tokens that others sign (JSON Web Token, RFC 7519): what one says, if it was signed with a key that its signer shows (RFC
//! 7517).
//!
//! `jsonwebtoken` reads and verifies; here is what is let near it. Two algorithms, which all providers of identities have:
//! RS256 and ES256, each only with keys of its own kind. What is absent on purpose: `none`, algorithms with a shared
//! secret, keys or addresses of keys inside a token, and the claims: whoever asks checks them by their own clock.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The keys that a signer shows.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct KeySet {
    /// Not read before they are used: one of a kind that is not known here spoils none of the others.
    keys: Vec<Value>,
}

/// A token that none of the keys has signed, or that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not signed with any of the signer's keys")]
pub struct NotSigned;

impl KeySet {
    /// What `token` says, if one of these keys has signed it. None: that cannot be read as a `T`.
    ///
    /// # Errors
    /// When none has, or it is no token.
    pub fn claims_of<T: DeserializeOwned>(&self, token: &str) -> Result<Option<T>, NotSigned> {
        let header = decode_header(token).map_err(|_| NotSigned)?;
        // What must be understood to judge the token: nothing of it is.
        if header.crit.is_some() {
            return Err(NotSigned);
        }
        let claims = self.fitting(&header).find_map(|key| {
            let read = decode::<Value>(token, &key, &signature_alone(header.alg));
            read.ok().map(|read| read.claims)
        });
        Ok(serde_json::from_value(claims.ok_or(NotSigned)?).ok())
    }

    fn fitting(&self, header: &Header) -> impl Iterator<Item = DecodingKey> {
        let keys = self.keys.iter().filter_map(|key| Jwk::deserialize(key).ok());
        keys.filter(|key| fits(key, header)).filter_map(|key| readable(&key))
    }
}

/// The key as the crate takes it.
fn readable(key: &Jwk) -> Option<DecodingKey> {
    let AlgorithmParameters::RSA(numbers) = &key.algorithm else {
        return DecodingKey::from_jwk(key).ok();
    };
    let number = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).ok();
    let (n, e) = (number(&numbers.n)?, number(&numbers.e)?);
    Some(DecodingKey::from_rsa_raw_components(
        without_zeros(&n),
        without_zeros(&e),
    ))
}

/// Some write a zero before a number, so that it is not taken for a negative one.
fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// Whether a key may have signed a token with this header. One that names no key may be by any.
fn fits(key: &Jwk, header: &Header) -> bool {
    let alg = match (header.alg, &key.algorithm) {
        (Algorithm::RS256, AlgorithmParameters::RSA(_)) => KeyAlgorithm::RS256,
        (Algorithm::ES256, AlgorithmParameters::EllipticCurve(own)) if own.curve == EllipticCurve::P256 => {
            KeyAlgorithm::ES256
        }
        _ => return false,
    };
    let common = &key.common;
    let verifies = |deeds: &Vec<KeyOperations>| deeds.contains(&KeyOperations::Verify);
    (header.kid.is_none() || common.key_id == header.kid)
        && common.key_algorithm.is_none_or(|own| own == alg)
        && common
            .public_key_use
            .as_ref()
            .is_none_or(|own| *own == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(verifies)
}

/// The signature and nothing else: the crate would ask the system's clock.
fn signature_alone(alg: Algorithm) -> Validation {
    let mut validation = Validation::new(alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    use jsonwebtoken::{EncodingKey, encode};
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
            let claims = both.claims_of::<Value>(token).unwrap().unwrap();
            assert_eq!(claims["iss"], "joe");
            assert_eq!(
                both.claims_of::<Vec<u8>>(token),
                Ok(None),
                "what it says is something else"
            );
        }
        // The number with a zero before it.
        let n = BASE64URL_NOPAD.decode(rsa()["n"].as_str().unwrap().as_bytes()).unwrap();
        let zero = with(rsa(), "n", &BASE64URL_NOPAD.encode(&[&[0], &n[..]].concat()));
        assert!(keys(&[zero]).claims_of::<Value>(RS256).is_ok());
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
                assert_eq!(both.claims_of::<Value>(&forged), Err(NotSigned), "{forged}");
            }
        }
        assert!(keys(&[rsa()]).claims_of::<Value>(ES256).is_err() && keys(&[ec()]).claims_of::<Value>(RS256).is_err());
        assert!(KeySet::default().claims_of::<Value>(ES256).is_err());
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
            assert_eq!(key.claims_of::<Value>(ES256).is_ok(), may, "{name} {value}");
        }
        let named = |kid: Option<&str>| Header {
            kid: kid.map(str::to_owned),
            ..Header::new(Algorithm::ES256)
        };
        let key = |name: &str| Jwk::deserialize(with(ec(), "kid", name)).unwrap();
        assert!(fits(&key("one"), &named(Some("one"))) && fits(&key("one"), &named(None)));
        assert!(!fits(&key("one"), &named(Some("two"))) && !fits(&key("One"), &named(Some("one"))));
        let mut deeds = ec();
        deeds["key_ops"] = json!(["sign"]);
        assert!(keys(&[deeds.clone()]).claims_of::<Value>(ES256).is_err());
        deeds["key_ops"] = json!(["verify"]);
        assert!(keys(&[deeds]).claims_of::<Value>(ES256).is_ok());
    }

    #[test]
    fn a_public_key_is_no_shared_secret_and_no_key_of_another_kind() {
        // The oldest trick: what everybody may know, taken for what only two know.
        let shared = json!({ "kty": "oct", "k": BASE64URL_NOPAD.encode(b"between us"), "alg": "HS256" });
        let claims = json!({ "iss": "joe" });
        let signed = |secret: &[u8]| {
            let key = EncodingKey::from_secret(secret);
            encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
        };
        for set in [keys(std::slice::from_ref(&shared)), keys(&[shared, ec(), rsa()])] {
            assert_eq!(set.claims_of::<Value>(&signed(b"between us")), Err(NotSigned));
        }
        let n = rsa()["n"].as_str().unwrap().to_owned();
        assert_eq!(keys(&[rsa()]).claims_of::<Value>(&signed(n.as_bytes())), Err(NotSigned));
        for other in [Algorithm::RS384, Algorithm::PS256, Algorithm::ES384, Algorithm::EdDSA] {
            for key in [ec(), rsa()] {
                assert!(!fits(&Jwk::deserialize(key).unwrap(), &Header::new(other)), "{other:?}");
            }
        }
    }

    #[test]
    fn a_key_that_cannot_be_read_spoils_none_of_the_others() {
        let odd = [
            json!(null),
            json!({ "kty": 7 }),
            json!({ "kty": "EC", "crv": "secp256k1" }),
            json!([]),
        ];
        let set = keys(&[&odd[..], &[ec()]].concat());
        assert!(set.claims_of::<Value>(ES256).is_ok());
    }

    #[test]
    fn a_key_inside_a_token_is_not_looked_at() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let own = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
        let jwk = Jwk::from_encoding_key(&own, Algorithm::ES256).unwrap();
        let header = Header {
            jwk: Some(jwk.clone()),
            jku: Some("https://evil.example/keys".into()),
            ..Header::new(Algorithm::ES256)
        };
        let token = encode(&header, &json!({ "iss": "joe" }), &own).unwrap();
        let theirs = keys(&[serde_json::to_value(jwk).unwrap()]);
        assert!(theirs.claims_of::<Value>(&token).is_ok(), "it is well signed");
        assert_eq!(keys(&[ec(), rsa()]).claims_of::<Value>(&token), Err(NotSigned));
    }
}
