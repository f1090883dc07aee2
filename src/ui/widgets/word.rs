//! A value in a word, for rows that have no room for the value itself.

use model::{Image, Media, Role, Value};

/// At most this many characters of a text are shown.
const MOST: usize = 36;

/// See the module.
pub(crate) fn word(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Choice(text) => quoted(text),
        Value::Number(number) => format!("{number}"),
        Value::Integer(integer) => integer.to_string(),
        Value::Flag(flag) => if *flag { "on" } else { "off" }.to_owned(),
        Value::Color(color) => color.to_string(),
        Value::Image(Image::File(media)) => media_word(media),
        Value::Image(Image::Frame { frame, .. }) => format!("frame {frame} of a clip"),
        Value::Audio(media) => media_word(media),
        Value::Clip(recipe) => {
            let rate = recipe.rate;
            let seconds = recipe.n_frames() as f64 * f64::from(rate.1) / f64::from(rate.0.max(1));
            format!("{seconds:.1} s, {} frames", recipe.n_frames())
        }
        Value::Script(script) => format!("{} lines", script.text.lines().count()),
        Value::Shot(shot) => format!("shot {}", shot.id),
        Value::Reference(reference) => {
            let role = match reference.role {
                Role::Character => "character",
                Role::Location => "location",
                Role::Prop => "prop",
                Role::Style => "style",
            };
            format!("{role} {}", clipped(&reference.name))
        }
        Value::Report(report) => clipped(&report.summary),
        Value::List(list) => match (list.len(), list.get(0)) {
            (0, _) => "an empty list".to_owned(),
            (1, Some(only)) => word(&only.value),
            (n, _) => format!("{n} {}s", value.port_type().name()),
        },
    }
}

fn media_word(media: &Media) -> String {
    match (&media.video, &media.audio) {
        (Some(video), _) => format!("{} × {} {}", video.width, video.height, media.format),
        (None, Some(audio)) => {
            format!("{:.1} s {}", audio.n_samples as f64 / f64::from(audio.sample_rate.max(1)), media.format)
        }
        (None, None) => media.format.clone(),
    }
}

fn quoted(text: &str) -> String {
    if text.trim().is_empty() { "an empty text".to_owned() } else { format!("“{}”", clipped(text)) }
}

/// The first line, cut where it is long.
fn clipped(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let mut cut: String = line.chars().take(MOST).collect();
    if cut.len() < text.trim().len() {
        cut.push('…');
    }
    model::printable(&cut).into_owned()
}

#[cfg(test)]
mod tests {
    use model::List;

    use super::*;

    #[test]
    fn values_fit_in_a_row() {
        let texts = |n: usize| Value::List(List::new((0..n).map(|i| (i.to_string().into(), Value::from("x")))));
        assert_eq!(word(&Value::from(" A lamp\nin fog ")), "“A lamp…”");
        assert_eq!(word(&Value::from("é".repeat(80).as_str())).chars().count(), MOST + 3);
        assert_eq!([texts(0), texts(1), texts(3)].map(|it| word(&it)), ["an empty list", "“x”", "3 texts"]);
        assert_eq!(word(&Value::Flag(true)), "on");
    }
}
