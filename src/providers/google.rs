//! Google Cloud: a service account's key signs a request for an access token, which lets us in for an hour.
//!
//! Knows one kind of credential and its one exchange. Google's own library was weighed: it brings a second HTTP stack,
//! and asks a metadata server on a private address, which no provider of ours may.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::answer::Reader;
use crate::error::ProviderError;
use crate::http::{Fault, Http, Message, Payload};
use crate::keys::Keys;
use crate::manifest::{Auth, ErrorClass, Manifest, Method};
use crate::reach::{Owner, Reach};
use crate::secret::Secret;
use crate::template::Values;

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How long a signature is good for, in seconds; Google allows an hour.
const GOOD_FOR: u64 = 3600;
/// A token is renewed so long before it runs out.
const EARLY: Duration = Duration::from_secs(300);
/// Largest key file and answer.
const MOST_BYTES: u64 = 64 * 1024;

/// Tokens by the account and the place that gave them. A clock that jumps does not make one older: they are counted by
/// the clock that only goes on.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<BTreeMap<String, (Secret, Instant)>>);

/// The parts of a key file that are needed.
#[derive(Deserialize)]
struct Account {
    client_email: String,
    #[serde(deserialize_with = "hidden")]
    private_key: Zeroizing<String>,
    #[serde(default)]
    private_key_id: String,
    token_uri: String,
    project_id: String,
}

fn hidden<'de, D: serde::Deserializer<'de>>(text: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(text).map(Zeroizing::new)
}

impl Account {
    /// Reads a key: the text of the file, or the way to it.
    fn read(given: &Secret) -> Result<Account, &'static str> {
        let text = match given.expose() {
            text if text.starts_with('{') => Zeroizing::new(text.to_owned()),
            path => {
                let mut text = Zeroizing::new(String::new());
                let file = std::fs::File::open(path).map_err(|_| "the key file cannot be read")?;
                file.take(MOST_BYTES).read_to_string(&mut text).map_err(|_| "the key file cannot be read")?;
                text
            }
        };
        // The library's words could hold a part of the key.
        serde_json::from_str(&text).map_err(|_| "it is not the key file of a service account")
    }

    /// A signed request for a token.
    fn signed(&self, now: u64) -> Result<Secret, &'static str> {
        let head = json!({ "alg": "RS256", "typ": "JWT", "kid": self.private_key_id });
        let claims = json!({
            "iss": self.client_email, "scope": SCOPE, "aud": self.token_uri, "iat": now, "exp": now + GOOD_FOR,
        });
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let body = format!("{}.{}", part(head), part(claims));
        let lines = self.private_key.lines().filter(|line| !line.starts_with("-----"));
        let coded = Zeroizing::new(lines.map(str::trim).collect::<String>());
        let der = Zeroizing::new(STANDARD.decode(coded.as_bytes()).map_err(|_| "its private key is no PEM")?);
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| "its private key is no RSA key")?;
        let mut tag = vec![0; pair.public().modulus_len()];
        let random = SystemRandom::new();
        pair.sign(&RSA_PKCS1_SHA256, &random, body.as_bytes(), &mut tag).map_err(|_| "its private key cannot sign")?;
        Ok(Secret::new(format!("{body}.{}", URL_SAFE_NO_PAD.encode(tag))))
    }
}

/// What templates know of the account, where a manifest is let in by one.
pub(crate) fn account_of(manifest: &Manifest, keys: &Keys) -> Values {
    let mut ways = manifest.credentials.iter().filter(|way| way.auth == Auth::GoogleAccount);
    let found = ways.find_map(|way| keys.find(way.names.first()?));
    let account = found.and_then(|(given, _)| Account::read(&given).ok());
    account.map(|account| ("account.project".to_owned(), json!(account.project_id))).into_iter().collect()
}

/// The access token of an account, asked for where none is at hand.
///
/// # Errors
/// [`ErrorClass::Auth`] where the key is none or is refused; as for any question where nobody answers.
pub(crate) fn token(manifest: &Arc<Manifest>, given: &Secret, http: &Http) -> Result<Secret, ProviderError> {
    let refused = |said: &str| ProviderError::new(ErrorClass::Auth, &manifest.title, said, Some(given));
    let account = Account::read(given).map_err(refused)?;
    let reach = Reach::of(manifest).ok_or_else(|| refused("the manifest's base is no URL"))?;
    // A key file is trusted with its key, not with whom it is shown to.
    if !matches!(reach.judge(&account.token_uri), Ok((_, Owner::Own))) {
        return Err(refused("its key file names a place for tokens that is not the provider's own"));
    }
    let name = format!("{} {} {}", account.client_email, account.private_key_id, account.token_uri);
    // Held while it is asked for, so that a thousand jobs ask once.
    let mut tokens = http.tokens.0.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    if let Some((token, until)) = tokens.get(&name)
        && now < *until
    {
        return Ok(token.clone());
    }
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let signed = account.signed(clock).map_err(refused)?;
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", GRANT)
        .append_pair("assertion", signed.expose())
        .finish();
    let message = Message {
        method: Method::Post,
        target: account.token_uri.clone(),
        headers: Vec::new(),
        payload: Payload::Bytes(body.into_bytes(), "application/x-www-form-urlencoded".to_owned()),
        within: http.timing.answer,
        most: MOST_BYTES,
    };
    let reader = Reader { manifest, secret: Some(&signed) };
    let reply = http.send(&message, &reach, None).map_err(|fault| {
        let class = if matches!(fault, Fault::Forbidden(_)) { ErrorClass::Auth } else { ErrorClass::Network };
        reader.error(class, fault.said())
    })?;
    let answer: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    if reply.status != 200 {
        let said = answer.get("error_description").or(answer.get("error")).and_then(Value::as_str);
        let class = if reply.status < 500 && reply.status != 429 { ErrorClass::Auth } else { ErrorClass::Network };
        return Err(reader.error(class, said.unwrap_or("it gives no access token")));
    }
    let Some(token) = answer.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty()) else {
        return Err(reader.error(ErrorClass::BadReply, "it gives no access token"));
    };
    let token = Secret::new(token.to_owned());
    let lasts = answer.get("expires_in").and_then(Value::as_u64).unwrap_or(0).min(GOOD_FOR);
    tokens.insert(name, (token.clone(), now + Duration::from_secs(lasts).saturating_sub(EARLY)));
    Ok(token)
}

#[cfg(test)]
pub(crate) mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    /// A key that was made for these tests and opens nothing.
    pub(crate) const PEM: &str = include_str!("tests/account.pem");

    /// The text of a key file.
    pub(crate) fn key_file(base: &str) -> String {
        json!({
            "type": "service_account", "project_id": "project-1", "private_key_id": "key-1", "private_key": PEM,
            "client_email": "tests@project-1.iam.gserviceaccount.com", "token_uri": format!("{base}/token"),
        })
        .to_string()
    }

    #[test]
    fn a_request_for_a_token_is_signed_by_the_book() {
        let account = Account::read(&Secret::new(key_file("https://oauth2.googleapis.com"))).expect("a key file");
        let signed = account.signed(1_700_000_000).expect("signed");
        let parts: Vec<_> = signed.expose().split('.').collect();
        let text = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("text");
        assert_eq!(text(parts[0]), r#"{"alg":"RS256","typ":"JWT","kid":"key-1"}"#);
        let claims: Value = serde_json::from_str(&text(parts[1])).expect("JSON");
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(1_700_000_000), &json!(1_700_003_600)));
        assert_eq!((&claims["aud"], &claims["scope"]), (&json!("https://oauth2.googleapis.com/token"), &json!(SCOPE)));
        let lines: String = PEM.lines().filter(|line| !line.starts_with("-----")).collect();
        let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(lines).expect("base64")).expect("a key");
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public().as_ref());
        let tag = URL_SAFE_NO_PAD.decode(parts[2]).expect("base64");
        assert!(public.verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &tag).is_ok());
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        let told = |text: &str| Account::read(&Secret::new(text.to_owned())).and_then(|it| it.signed(0).map(drop));
        assert_eq!(told("/nowhere/key.json"), Err("the key file cannot be read"));
        assert_eq!(told("{ \"private_key\": \"sk-1\" }"), Err("it is not the key file of a service account"));
        let other = |key: &str| key_file("https://x").replace(&json!(PEM).to_string(), &json!(key).to_string());
        assert_eq!(told(&other("###")), Err("its private key is no PEM"));
        assert_eq!(told(&other("aGVsbG8=")), Err("its private key is no RSA key"));
    }
}
