//! Word lists: weather, poses, feelings, things, sounds. Data only, to be extended freely.
//!
//! Verbs are listed in their plain form and found in every regular one; irregular past forms are listed themselves.

use model::Weather;

use super::words::{Word, inflects};

/// Words of weather; the strongest listed first.
const WEATHER: &[(Weather, &[&str])] = &[
    (Weather::Storm, &["storm", "stormy", "thunder", "lightning", "gale", "hurricane", "squall", "tempest"]),
    (Weather::Snow, &["snow", "snowy", "snowfall", "snowing", "blizzard", "sleet"]),
    (Weather::Rain, &["rain", "rainy", "raining", "rains", "drizzle", "downpour", "rainfall"]),
    (Weather::Fog, &["fog", "foggy", "mist", "misty", "haze", "hazy"]),
    (Weather::Cloud, &["cloud", "clouds", "cloudy", "overcast"]),
    (Weather::Clear, &["sunny", "sunlight", "sunshine", "cloudless", "moonlight", "starlight", "clear"]),
];

/// The weather that a text speaks of.
pub(super) fn weather(words: &[Word<'_>]) -> Option<Weather> {
    WEATHER
        .iter()
        .find(|(_, names)| words.iter().any(|word| names.contains(&word.lower.as_str())))
        .map(|(weather, _)| *weather)
}

/// Poses that a figure can take, with the verbs that mean them.
const POSES: &[(&str, &[&str])] = &[
    ("runs", &["run", "ran", "sprint", "rush", "race", "dash", "bolt", "flee", "chase", "hurry"]),
    ("climbs", &["climb", "scale", "clamber"]),
    ("falls", &["fall", "fell", "collapse", "trip", "slip", "tumble", "stumble"]),
    ("fights", &["fight", "fought", "punch", "strike", "struck", "wrestle", "shove", "hit"]),
    ("kneels", &["kneel", "knelt", "crouch", "squat"]),
    ("sits", &["sit", "sat", "slump", "perch"]),
    ("lies", &["lie", "lies", "lay", "sleep", "slept"]),
    ("hugs", &["hug", "embrace", "kiss"]),
    ("points", &["point", "gesture", "signal"]),
    ("writes", &["write", "wrote", "scribble", "sketch", "sign"]),
    ("drives", &["drive", "drove", "steer", "row"]),
    (
        "holds",
        &[
            "hold", "held", "take", "took", "carry", "grab", "lift", "raise", "open", "press", "grip", "clutch",
            "pull", "push", "strike", "light", "lit", "lower", "hand", "pour", "wipe", "crank", "haul",
        ],
    ),
    (
        "walks",
        &[
            "walk", "enter", "exit", "leave", "left", "arrive", "cross", "step", "stride", "march", "wander",
            "approach", "descend", "stagger", "pace", "follow", "come", "came", "go", "went",
        ],
    ),
    ("looks", &["look", "stare", "see", "saw", "gaze", "notice", "study", "peer", "glance", "read", "search"]),
    ("talks", &["talk", "speak", "say", "shout", "whisper", "call", "ask"]),
    ("stands", &["stand", "stood", "wait", "stop", "rise", "rose", "lean", "turn", "freeze", "froze"]),
];

/// The pose of the first verb found.
pub(super) fn pose(words: &[Word<'_>]) -> Option<&'static str> {
    words.iter().find_map(|word| {
        let fits = |verbs: &&[&str]| verbs.iter().any(|verb| inflects(verb, &word.lower));
        POSES.iter().find(|(_, verbs)| fits(verbs)).map(|(pose, _)| *pose)
    })
}

/// Feelings with the words that show them.
const FEELINGS: &[(&str, &[&str])] = &[
    ("angry", &["angry", "angrily", "furious", "snap", "snapping", "rage", "glare"]),
    ("afraid", &["afraid", "scared", "fear", "terrified", "frightened", "tremble", "shake", "shiver", "flinch"]),
    ("sad", &["sad", "sadly", "cry", "tear", "tears", "weep", "wept", "sob", "grieve"]),
    ("happy", &["happy", "smile", "laugh", "grin", "beam", "joy", "warmly"]),
    ("tender", &["quietly", "softly", "gently", "whisper", "whispers", "tender", "hushed"]),
    ("urgent", &["urgent", "urgently", "shouting", "shout", "calling", "yelling", "breathless", "desperate"]),
    ("wary", &["wary", "warily", "careful", "carefully", "uneasy", "hesitate", "nervous"]),
    ("weary", &["tired", "weary", "wearily", "exhausted"]),
    ("surprised", &["surprised", "startled", "gasp", "amazed", "astonished"]),
];

/// The feeling of the first word that shows one.
pub(super) fn feeling(words: &[Word<'_>]) -> Option<&'static str> {
    words.iter().find_map(|word| {
        let fits = |shown: &&[&str]| shown.iter().any(|it| inflects(it, &word.lower));
        FEELINGS.iter().find(|(_, shown)| fits(shown)).map(|(feeling, _)| *feeling)
    })
}

/// Things that people hold, open, read or light.
const THINGS: &[&str] = &[
    "apple",
    "axe",
    "bag",
    "barrel",
    "basket",
    "bell",
    "bicycle",
    "binoculars",
    "blanket",
    "boat",
    "book",
    "bottle",
    "bowl",
    "box",
    "bread",
    "briefcase",
    "broom",
    "bucket",
    "camera",
    "candle",
    "cane",
    "card",
    "chain",
    "chair",
    "chart",
    "chest",
    "cigarette",
    "clock",
    "coat",
    "coffee",
    "coin",
    "compass",
    "computer",
    "crate",
    "crown",
    "cup",
    "diary",
    "door",
    "envelope",
    "fiddle",
    "fishing-rod",
    "flag",
    "flare",
    "flashlight",
    "flower",
    "flute",
    "fork",
    "glass",
    "glasses",
    "gloves",
    "guitar",
    "gun",
    "hammer",
    "hat",
    "helmet",
    "jar",
    "journal",
    "kettle",
    "key",
    "keys",
    "knife",
    "ladder",
    "lamp",
    "lantern",
    "laptop",
    "lens",
    "letter",
    "lever",
    "lighter",
    "locket",
    "log",
    "logbook",
    "magnifier",
    "map",
    "mask",
    "match",
    "medal",
    "microphone",
    "mirror",
    "mug",
    "necklace",
    "needle",
    "net",
    "newspaper",
    "notebook",
    "oar",
    "oars",
    "oilcan",
    "package",
    "paddle",
    "painting",
    "paper",
    "passport",
    "pen",
    "pencil",
    "phone",
    "photo",
    "photograph",
    "picture",
    "pipe",
    "pistol",
    "plate",
    "purse",
    "radio",
    "receiver",
    "ring",
    "rope",
    "satchel",
    "scarf",
    "scissors",
    "screwdriver",
    "shell",
    "shovel",
    "spade",
    "spoon",
    "stick",
    "suitcase",
    "sword",
    "table",
    "tape",
    "teapot",
    "telegram",
    "telephone",
    "telescope",
    "ticket",
    "toolbox",
    "torch",
    "towel",
    "toy",
    "tray",
    "typewriter",
    "umbrella",
    "vase",
    "violin",
    "wallet",
    "wheel",
    "whistle",
    "wrench",
];

/// The thing a word names, one or several of it.
pub(super) fn thing(word: &str) -> Option<&'static str> {
    let find = |name: &str| THINGS.binary_search(&name).ok().map(|idx| THINGS[idx]);
    find(word).or_else(|| find(word.strip_suffix("es")?)).or_else(|| find(word.strip_suffix('s')?))
}

/// Capitals that are heard, not seen, or that are no noun at all.
const NOT_THINGS: &[&str] = &[
    "BANG", "BEAT", "BOOM", "BUZZ", "CLANG", "CLICK", "CRACK", "CRASH", "CREAK", "CUT", "DAY", "FADE", "FLASH", "HUM",
    "KNOCK", "LATER", "NIGHT", "NO", "NOTHING", "OFF", "ON", "PAUSE", "RING", "RINGS", "ROAR", "RUMBLE", "SCREAM",
    "SHOT", "SILENCE", "SLAM", "SLAMS", "SNAP", "STOP", "STOPS", "SUDDENLY", "THUD", "THUNDER", "WE", "YES",
];

/// Whether a word in capitals is a sound or a remark.
pub(super) fn is_sound(caps: &str) -> bool {
    NOT_THINGS.binary_search(&caps).is_ok()
}

/// Words before a thing in capitals.
pub(super) const DETERMINERS: &[&str] =
    &["a", "an", "the", "his", "her", "their", "its", "my", "your", "our", "this", "that", "old", "another"];

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    #[test]
    fn lists_that_are_searched_are_sorted() {
        assert!(THINGS.is_sorted());
        assert!(NOT_THINGS.is_sorted());
    }

    #[test]
    fn texts_show_weather_pose_and_feeling() {
        assert_eq!(weather(&words("Rain, then LIGHTNING.")), Some(Weather::Storm));
        assert_eq!(weather(&words("She waits.")), None);
        assert_eq!(pose(&words("Jon is running down")), Some("runs"));
        assert_eq!(feeling(&words("(whispering)")), Some("tender"));
        assert_eq!(thing("matches"), Some("match"));
        assert_eq!(thing("hope"), None);
    }
}
