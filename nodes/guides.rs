//! How families of models like to be told: advice in plain files, one for each family.
//!
//! Advice, not facts: a poor guide makes a poorer prompt, never a wrong bill. What a model takes and costs stands in
//! its manifest, which this must not know. A new guide is one file and one line.

/// Every guide by the name that the parameter `for` gives.
const GUIDES: &[(&str, &str)] = &[
    ("any", include_str!("guides/any.md")),
    ("flux", include_str!("guides/flux.md")),
    ("gemini-omni", include_str!("guides/gemini-omni.md")),
    ("gpt-image", include_str!("guides/gpt-image.md")),
    ("kling", include_str!("guides/kling.md")),
    ("luma", include_str!("guides/luma.md")),
    ("minimax", include_str!("guides/minimax.md")),
    ("runway", include_str!("guides/runway.md")),
    ("seedance", include_str!("guides/seedance.md")),
    ("wan", include_str!("guides/wan.md")),
];

/// The names, for parameters.
pub(crate) const NAMES: &[&str] =
    &["any", "flux", "gemini-omni", "gpt-image", "kling", "luma", "minimax", "runway", "seedance", "wan"];

/// The guide of a family.
pub(crate) fn guide(name: &str) -> &'static str {
    GUIDES.iter().find(|(known, _)| *known == name).map_or("", |(_, guide)| guide.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_guide() {
        assert_eq!(GUIDES.iter().map(|(name, _)| *name).collect::<Vec<_>>(), NAMES);
        for name in NAMES {
            let words = guide(name).split_whitespace().count();
            assert!((20..=200).contains(&words), "{name} has {words} words");
        }
        assert_eq!(guide("nobody"), "");
    }
}
