//! Scene headings: inside or outside, place, time of day.
//!
//! `INT. PLACE - ROOM - NIGHT (STORM)`: the last part is a time only if every word of it is one of time, so that
//! `EXT. CITY - NIGHT MARKET` stays a place.

use model::{IntExt, TimeOfDay, Weather};

use super::lexicon;
use super::words::{one_line, words};

/// What a heading says.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Heading {
    /// Upper case, without opening and time.
    pub(super) location: String,
    /// `None` where the heading does not say.
    pub(super) int_ext: Option<IntExt>,
    pub(super) time: Time,
    pub(super) weather: Option<Weather>,
}

/// The time a heading gives.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub(super) enum Time {
    /// Nothing: the last time at this place, else the last time.
    #[default]
    Unsaid,
    /// `CONTINUOUS`, `LATER`, `SAME`: the scene before's.
    Inherited,
    Said(TimeOfDay),
}

/// Longer openings first, as they contain shorter ones. Spaces end all of them in a heading of one word.
const OPENINGS: &[(&str, IntExt)] = &[
    ("INT./EXT", IntExt::Both),
    ("EXT./INT", IntExt::Both),
    ("INT/EXT", IntExt::Both),
    ("EXT/INT", IntExt::Both),
    ("I./E", IntExt::Both),
    ("E./I", IntExt::Both),
    ("I/E", IntExt::Both),
    ("E/I", IntExt::Both),
    ("INT", IntExt::Int),
    ("EXT", IntExt::Ext),
    ("EST", IntExt::Ext),
];

/// Reads a heading; every text is one.
pub(super) fn parse(text: &str) -> Heading {
    let text = one_line(text).to_uppercase();
    let opening = OPENINGS.iter().find_map(|(opening, int_ext)| {
        let rest = text.strip_prefix(opening)?;
        rest.starts_with(['.', ' ', '-']).then(|| (*int_ext, rest.trim_start_matches(['.', ' ', '-'])))
    });
    let (int_ext, rest) = opening.map_or((None, text.as_str()), |(int_ext, rest)| (Some(int_ext), rest));
    let rest = rest.replace(" – ", " - ").replace(" — ", " - ").replace(" -- ", " - ");
    let weather = lexicon::weather(&words(&rest));
    let mut parts: Vec<&str> = rest.split(" - ").map(str::trim).filter(|part| !part.is_empty()).collect();
    let mut time = Time::Unsaid;
    while let Some(said) = parts.last().and_then(|part| time_of(part)) {
        if time == Time::Unsaid || matches!(said, Time::Said(_)) {
            time = said;
        }
        parts.pop();
    }
    Heading { location: parts.join(" - "), int_ext, time, weather }
}

fn time_of(part: &str) -> Option<Time> {
    let bare = part.split(['(', '/']).next().unwrap_or_default();
    let (mut said, mut inherited) = (None, false);
    for word in bare.split([' ', '-', ',', '.']).filter(|word| !word.is_empty()) {
        let time = match word {
            "DAWN" | "SUNRISE" | "DAYBREAK" | "PREDAWN" => TimeOfDay::Dawn,
            "MORNING" => TimeOfDay::Morning,
            "DAY" | "NOON" | "MIDDAY" | "DAYTIME" => TimeOfDay::Day,
            "AFTERNOON" => TimeOfDay::Afternoon,
            "GOLDEN" | "MAGIC" => TimeOfDay::GoldenHour,
            "DUSK" | "SUNSET" | "EVENING" | "TWILIGHT" | "NIGHTFALL" => TimeOfDay::Dusk,
            "NIGHT" | "MIDNIGHT" => TimeOfDay::Night,
            "CONTINUOUS" | "CONT'D" | "LATER" | "SAME" | "MOMENTS" | "SIMULTANEOUS" => {
                inherited = true;
                continue;
            }
            "EARLY" | "LATE" | "THE" | "NEXT" | "FOLLOWING" | "HOUR" | "HOURS" | "TO" | "PRE" | "TIME" | "MINUTES"
            | "A" | "AN" | "FEW" | "THAT" | "STILL" => continue,
            _ => return None,
        };
        said = said.or(Some(time));
    }
    said.map(Time::Said).or(inherited.then_some(Time::Inherited))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_give_place_and_time() {
        for (text, location, int_ext, time) in [
            ("INT. LAMP ROOM - NIGHT", "LAMP ROOM", Some(IntExt::Int), Time::Said(TimeOfDay::Night)),
            (
                "ext. lighthouse — gallery – pre-dawn",
                "LIGHTHOUSE - GALLERY",
                Some(IntExt::Ext),
                Time::Said(TimeOfDay::Dawn),
            ),
            ("EXT. CITY - NIGHT MARKET", "CITY - NIGHT MARKET", Some(IntExt::Ext), Time::Unsaid),
            ("INT./EXT. CAR - DAY / DRIVING", "CAR", Some(IntExt::Both), Time::Said(TimeOfDay::Day)),
            ("I/E TRUCK - MOMENTS LATER", "TRUCK", Some(IntExt::Both), Time::Inherited),
            ("EXT. QUAY - LATER - NIGHT (STORM)", "QUAY", Some(IntExt::Ext), Time::Said(TimeOfDay::Night)),
            ("EXT. HILL - DAY TO NIGHT", "HILL", Some(IntExt::Ext), Time::Said(TimeOfDay::Day)),
            ("ON THE ROOF", "ON THE ROOF", None, Time::Unsaid),
            ("INTERVAL", "INTERVAL", None, Time::Unsaid),
        ] {
            let heading = parse(text);
            assert_eq!((heading.location.as_str(), heading.int_ext, heading.time), (location, int_ext, time), "{text}");
        }
        assert_eq!(parse("EXT. QUAY - NIGHT (STORM)").weather, Some(Weather::Storm));
    }
}
