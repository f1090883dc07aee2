//! From credentials to the header that lets us in. The only reader of secrets besides the keyring.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Diagnostic;
use ring::hmac;
use serde_json::json;

use crate::error::ProviderError;
use crate::google;
use crate::http::{Http, Pass};
use crate::keys::Keys;
use crate::manifest::{Auth, Credential, ErrorClass, Manifest};
use crate::secret::Secret;

/// How long a signed token is good for, and how far the provider's clock may be behind, in seconds.
const GOOD_FOR: u64 = 1800;
const BEHIND: u64 = 5;

/// The manifest at the address that its user gave, where it is for a server of one's own.
///
/// # Errors
/// `address` where that is no URL.
pub(crate) fn addressed(manifest: &Arc<Manifest>, keys: &Keys) -> Result<Arc<Manifest>, Diagnostic> {
    let ours =
        |credential: &&Credential| credential.address && credential.names.iter().all(|name| keys.find(name).is_some());
    let Some(name) = manifest.credentials.iter().find(ours).and_then(|credential| credential.names.first()) else {
        return Ok(manifest.clone());
    };
    let address = keys.find(name).map(|(address, _)| address.expose().to_owned()).unwrap_or_default();
    let is_fine = reqwest::Url::parse(&address).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty() && url.query().is_none()
    });
    if !is_fine {
        return Err(Diagnostic::error("address", format!("{name} is not the address of a server"))
            .hint("write it like http://127.0.0.1:8000"));
    }
    Ok(Arc::new(Manifest::clone(manifest).served_at(&address)))
}

/// The header that lets us in, and the secret that must not be shown; nothing where nobody asks.
///
/// # Errors
/// [`ErrorClass::Auth`] naming the credentials that are missing.
pub(crate) fn pass(manifest: &Arc<Manifest>, keys: &Keys, http: &Http) -> Result<Option<Pass>, ProviderError> {
    for credential in &manifest.credentials {
        let found: Option<Vec<Secret>> =
            credential.names.iter().map(|name| keys.find(name).map(|(secret, _)| secret)).collect();
        match (found, &credential.auth) {
            (Some(secrets), Auth::GoogleAccount) if !secrets.is_empty() => {
                let secret = google::token(manifest, &secrets[0], http)?;
                let (header, before) = ("authorization".to_owned(), "Bearer ".to_owned());
                return Ok(Some(Pass { header, before, secret }));
            }
            (Some(secrets), _) => return Ok(presented(credential, &secrets)),
            (None, _) => {}
        }
    }
    if manifest.credentials.is_empty() || manifest.credentials.iter().any(|credential| credential.optional) {
        return Ok(None);
    }
    let ways: Vec<_> = manifest.credentials.iter().map(|credential| credential.names.join(" and ")).collect();
    let said = format!("{} is neither in the environment nor in the keyring", ways.join(" or "));
    Err(ProviderError::new(ErrorClass::Auth, &manifest.title, &said, None))
}

/// The header of a credential; none where the server lets everybody in.
fn presented(credential: &Credential, secrets: &[Secret]) -> Option<Pass> {
    let secret = secrets.last().cloned()?;
    let (header, before, secret) = match &credential.auth {
        Auth::Open => return None,
        Auth::Bearer | Auth::GoogleAccount => ("authorization", "Bearer ".to_owned(), secret),
        Auth::Word(word) => ("authorization", format!("{word} "), secret),
        Auth::Header(header) => (header.as_str(), String::new(), secret),
        Auth::SignedToken => {
            let access = secrets.first().unwrap_or(&secret);
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            ("authorization", "Bearer ".to_owned(), signed(access, &secret, now))
        }
    };
    Some(Pass { header: header.to_owned(), before, secret })
}

/// A JSON web token (HS256) in the access key's name. Signed anew for every message: that is cheaper than remembering
/// when the last one runs out.
fn signed(access: &Secret, secret: &Secret, now: u64) -> Secret {
    let head = URL_SAFE_NO_PAD.encode(json!({ "alg": "HS256", "typ": "JWT" }).to_string());
    let claims = json!({ "iss": access.expose(), "exp": now + GOOD_FOR, "nbf": now.saturating_sub(BEHIND) });
    let body = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&key, body.as_bytes()));
    Secret::new(format!("{body}.{tag}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    #[test]
    fn a_token_is_signed_by_the_book() {
        let token = signed(&Secret::new("access".to_owned()), &Secret::new("secret".to_owned()), 1_700_000_000);
        let parts: Vec<_> = token.expose().split('.').collect();
        let text = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("text");
        assert_eq!(text(parts[0]), r#"{"alg":"HS256","typ":"JWT"}"#);
        assert_eq!(text(parts[1]), r#"{"iss":"access","exp":1700001800,"nbf":1699999995}"#);
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
        let tag = URL_SAFE_NO_PAD.decode(parts[2]).expect("base64");
        assert!(hmac::verify(&key, format!("{}.{}", parts[0], parts[1]).as_bytes(), &tag).is_ok());
    }

    #[test]
    fn missing_credentials_are_named() {
        let catalog = Catalog::built_in();
        let manifest = catalog.manifest("runway").expect("built in");
        let http = Http::start(crate::Timing::default()).expect("it starts");
        let told = pass(manifest, &Keys::fixed([]), &http).err().expect("nobody lets us in");
        assert_eq!(told.said, "RUNWAYML_API_SECRET is neither in the environment nor in the keyring");
        let keys = Keys::fixed([("RUNWAYML_API_SECRET", "k")]);
        let pass = pass(manifest, &keys, &http).ok().flatten().expect("a pass");
        assert_eq!((pass.header.as_str(), pass.before.as_str()), ("authorization", "Bearer "));
    }
}
