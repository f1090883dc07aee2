//! Secrets: texts that cannot be printed, are not serialised, and are wiped when nobody needs them any more.
//!
//! The `secrecy` crate was weighed: it does the same without [`Secret::scrub`], which takes a key out of what a
//! provider echoes.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// What stands in a secret's place.
const STARS: &str = "***";

/// Shorter texts are not searched for: they would be found everywhere.
const SHORTEST: usize = 6;

/// A credential. Prints as `***`.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes a text, without the white space around it that pasting leaves.
    pub fn new(text: String) -> Secret {
        let text = Zeroizing::new(text);
        Secret(Arc::new(Zeroizing::new(text.trim().to_owned())))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text itself: for a header, and nothing else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// A text of somebody else's with this secret taken out.
    pub(crate) fn scrub(&self, text: &str) -> String {
        if self.0.len() < SHORTEST { text.to_owned() } else { text.replace(self.0.as_str(), STARS) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_cannot_be_printed() {
        let secret = Secret::new(" sk-test-1234\n".to_owned());
        assert_eq!(secret.expose(), "sk-test-1234");
        assert_eq!(format!("{secret} {secret:?} {:#?}", Some(&secret)), "*** *** Some(\n    ***,\n)");
        assert_eq!(secret.scrub("bad key sk-test-1234!"), "bad key ***!");
        assert_eq!(Secret::new("a".to_owned()).scrub("banana"), "banana");
    }
}
