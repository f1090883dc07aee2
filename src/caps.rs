//! The limits of spending that hold here: the user's, from a file of settings, and the graph's, which can only lower
//! them. A graph is somebody else's file.
//!
//! Knows where limits are written, not how they are kept to. The environment was weighed: a limit that a shell forgets
//! is none.

use std::path::{Path, PathBuf};

use engine::caps::{Caps, Limit, Origin};
use engine::money::amount;
use model::{Data, Diagnostic, Document};

/// The setting of a graph, `settings: (caps: (run: "5usd"))`.
const SETTING: &str = "caps";
const SHAPE: &str = "(item: \"2usd\", run: \"20usd\", month: \"100usd\", providers: { \"runway\": \"50usd\" })";

/// Where the user's limits are written, `money.ron` in the folder of settings.
pub fn file() -> Option<PathBuf> {
    Some(providers::catalog::user_folder()?.parent()?.join("money.ron"))
}

/// The limits that hold for a graph.
///
/// # Errors
/// `caps` where a limit cannot be read: then nothing may be bought.
pub fn of(document: &Document) -> Result<Caps, Diagnostic> {
    let own = file().map_or_else(|| Ok(Caps::default()), |file| of_user(&file))?;
    Ok(own.and(&of_graph(document)?))
}

fn of_user(file: &Path) -> Result<Caps, Diagnostic> {
    let told = |why: String| {
        Diagnostic::error(
            "caps",
            format!("nothing is bought while the limits cannot be read: {why}: {}", file.display()),
        )
        .hint(format!("write {SHAPE}, every part of it as you like, or remove the file"))
    };
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(refused) if refused.kind() == std::io::ErrorKind::NotFound => return Ok(Caps::default()),
        Err(refused) => return Err(told(refused.to_string())),
    };
    let data = Data::parse(&text).map_err(|diagnostic| told(diagnostic.message))?;
    read(&data, Origin::User).map_err(told)
}

fn of_graph(document: &Document) -> Result<Caps, Diagnostic> {
    let Some(data) = document.settings.unknown.get(SETTING) else { return Ok(Caps::default()) };
    read(data, Origin::Graph).map_err(|why| {
        Diagnostic::error("caps", format!("the graph's `caps` cannot be read: {why}"))
            .hint(format!("write settings: ({SETTING}: {SHAPE}), every part of it as you like"))
    })
}

fn read(data: &Data, origin: Origin) -> Result<Caps, String> {
    let mut caps = Caps::default();
    let fields = data.as_fields().ok_or_else(|| format!("it is {}", data.describe()))?;
    for (name, data) in fields {
        match name.as_str() {
            "item" => caps.item = Some(limit(name, data, origin)?),
            "run" => caps.run = Some(limit(name, data, origin)?),
            "month" => caps.month = Some(limit(name, data, origin)?),
            "providers" => {
                let fields = data.as_fields().ok_or_else(|| format!("`providers` is {}", data.describe()))?;
                for (provider, data) in fields {
                    caps.providers.insert(provider.clone(), limit(provider, data, origin)?);
                }
            }
            // A limit that is misspelt must not be taken for none.
            _ => return Err(format!("there is no limit `{name}`")),
        }
    }
    Ok(caps)
}

fn limit(name: &str, data: &Data, origin: Origin) -> Result<Limit, String> {
    let text = match data {
        Data::Text(text) => text.clone(),
        Data::Integer(number) => number.to_string(),
        Data::Number(number) => number.to_string(),
        other => return Err(format!("`{name}` is {}, not an amount", other.describe())),
    };
    let microusd = amount(&text).map_err(|why| format!("`{name}`: {why}"))?;
    Ok(Limit { microusd, origin })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<Caps, String> {
        read(&Data::parse(text).unwrap(), Origin::User)
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let own = |microusd| Some(Limit { microusd, origin: Origin::User });
        let caps = told("(item: \"50c\", run: 20, month: 99.5, providers: { \"fal\": \"5usd\" })").unwrap();
        assert_eq!((caps.item, caps.run, caps.month), (own(500_000), own(20_000_000), own(99_500_000)));
        assert_eq!(caps.providers["fal"].microusd, 5_000_000);
        assert_eq!(told("()"), Err("it is nothing".to_owned()));
        assert_eq!(told("{}"), Ok(Caps::default()));
    }

    #[test]
    fn what_cannot_be_read_is_no_limit_of_nothing() {
        for bad in ["(mnoth: 5)", "(month: -5)", "(month: \"five\")", "(providers: 5)", "(item: true)", "[]"] {
            assert!(told(bad).is_err(), "{bad}");
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("money.ron");
        assert_eq!(of_user(&file), Ok(Caps::default()), "nobody set a limit");
        std::fs::write(&file, "(month: ").unwrap();
        let refused = of_user(&file).unwrap_err();
        assert_eq!(refused.code, "caps");
        assert!(refused.message.contains("money.ron"), "{refused}");
    }

    #[test]
    fn a_graph_lowers_and_never_raises() {
        let mut document = Document::default();
        let data = Data::parse("(month: \"1000usd\", run: \"2usd\")").unwrap();
        document.settings.unknown.insert(SETTING.to_owned(), data);
        let both = told("(month: \"10usd\")").unwrap().and(&of_graph(&document).unwrap());
        assert_eq!(both.month, Some(Limit { microusd: 10_000_000, origin: Origin::User }));
        assert_eq!(both.run, Some(Limit { microusd: 2_000_000, origin: Origin::Graph }));
    }
}
