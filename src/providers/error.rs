//! What can go wrong at a provider, by what it means for the job, and the one place that puts it into words.

use std::time::Duration;

use model::Diagnostic;

use crate::manifest::ErrorClass;
use crate::secret::Secret;

/// The longest that is shown of what a provider says.
const MOST_SAID: usize = 400;

/// A failure at a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderError {
    pub class: ErrorClass,
    /// The provider's title.
    pub provider: String,
    /// What happened, in the provider's words where it said something.
    pub said: String,
    /// When it may be asked again.
    pub retry_after: Option<Duration>,
}

impl ProviderError {
    /// A failure; `said` loses the secret and what is too long.
    pub(crate) fn new(class: ErrorClass, provider: &str, said: &str, secret: Option<&Secret>) -> ProviderError {
        let said = secret.map_or_else(|| said.to_owned(), |secret| secret.scrub(said));
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut short: String = said.chars().take(MOST_SAID).collect();
        if short.len() < said.len() {
            short.push('…');
        }
        let short = short.trim_end_matches('.').to_owned();
        ProviderError { class, provider: provider.to_owned(), said: short, retry_after: None }
    }
}

impl From<ProviderError> for Diagnostic {
    /// The only way from an error to what people read.
    fn from(error: ProviderError) -> Diagnostic {
        let ProviderError { class, provider, said, .. } = &error;
        let why = if said.is_empty() { "it says no more".to_owned() } else { said.clone() };
        match class {
            ErrorClass::Auth => Diagnostic::error("provider-auth", format!("{provider} does not let us in: {why}"))
                .hint("check the key with `throughline models check`, set it with `throughline keys set NAME`"),
            ErrorClass::Quota => Diagnostic::error("provider-quota", format!("{provider} wants money first: {why}"))
                .hint("add credit at the provider, or choose another model; then run again"),
            ErrorClass::RateLimited => {
                let told = Diagnostic::error("provider-rate-limited", format!("{provider} has too much to do: {why}"));
                match error.retry_after {
                    Some(wait) => told.hint(format!("run again in {} s", wait.as_secs().max(1))),
                    None => told.hint("run again later"),
                }
            }
            ErrorClass::Rejected => Diagnostic::error("provider-rejected", format!("{provider} refuses: {why}"))
                .hint("change what is asked for, or choose another model; it is not asked again as it stands"),
            ErrorClass::Network => {
                Diagnostic::error("provider-network", format!("{provider} cannot be reached: {why}")).hint("run again")
            }
            ErrorClass::BadReply => {
                Diagnostic::error("provider-bad-reply", format!("{provider} answers what nobody can read: {why}"))
                    .hint("the provider may have changed; see whether there is a newer manifest")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_words_and_no_secret() {
        let secret = Secret::new("sk-test-1234".to_owned());
        let classes = [
            (ErrorClass::Auth, "provider-auth"),
            (ErrorClass::Quota, "provider-quota"),
            (ErrorClass::RateLimited, "provider-rate-limited"),
            (ErrorClass::Rejected, "provider-rejected"),
            (ErrorClass::Network, "provider-network"),
            (ErrorClass::BadReply, "provider-bad-reply"),
        ];
        for (class, code) in classes {
            let said = format!("bad key\n sk-test-1234. {}", "x".repeat(1000));
            let told = Diagnostic::from(ProviderError::new(class, "Runway", &said, Some(&secret)));
            assert_eq!(told.code, code);
            assert!(told.message.contains("Runway") && told.message.contains("bad key ***. x"), "{told}");
            assert!(told.message.len() < 500 && !told.hints.is_empty());
        }
    }
}
