//! The shot rules as data: when this, then that. First match wins; `docs/BREAKDOWN.md` lists them.
//!
//! Every test looks at one piece of text and at its place in its own scene, never at neighbouring text: so a changed
//! line changes its own shots only. Smoothing sizes across shots would read better and break that.

use model::{Angle, Framing, Move, ShotSize};

use Angle::{Eye, High, Low, Overhead};
use Move::{
    ArcLeft, CraneDown, CraneUp, Follow, Handheld, PanLeft, PanRight, PullOut, PushIn, RackFocus, Static, TiltDown,
    TiltUp, TrackLeft, TrackRight, WhipPan, ZoomIn, ZoomOut,
};
use ShotSize::{Bust, Cu, Ecu, Ews, Fs, Mcu, Mls, Ms, Vcu, Ws};

/// One condition on a piece of text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Test {
    /// The first piece of a scene.
    Opening,
    /// The scene is inside.
    Interior,
    /// An item of a montage.
    Montage,
    /// Words to be read: a title, a sign, centred text.
    Card,
    /// A character is introduced: a name in capitals.
    Introduces,
    /// A form of one of these verbs.
    Verb(&'static [&'static str]),
    /// One of these words.
    Word(&'static [&'static str]),
    /// So many figures, from and to.
    Cast(usize, usize),
    /// A thing is named.
    Prop,
    /// Somebody speaks and is seen.
    Speaks,
    /// Somebody is heard over the picture.
    VoiceOver,
    /// Somebody is heard from outside the frame.
    OffScreen,
    /// The scene's first speech.
    FirstSpeech,
    /// The later half of a speech that fills two shots or more.
    Continued,
    /// So many people speak in the scene and are seen, from and to; for a voice, so many can listen.
    Speakers(usize, usize),
    /// The speech's direction has one of these words.
    Direction(&'static [&'static str]),
    /// The speech ends on this.
    Ends(char),
    /// More words than this.
    Longer(usize),
    /// Fewer words than this.
    Shorter(usize),
}

/// Who is seen in a shot of a speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Whoever the text names; in a speech, the speaker.
    Named,
    /// Speaker and listener.
    Both,
    /// The listener.
    Listener,
}

/// How the camera sees it. A framing of `None` follows from the number of figures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) size: ShotSize,
    pub(super) framing: Option<Framing>,
    pub(super) angle: Angle,
    pub(super) r#move: Move,
}

const fn look(size: ShotSize, angle: Angle, r#move: Move) -> Look {
    Look { size, framing: None, angle, r#move }
}

const fn framed(framing: Framing, size: ShotSize, angle: Angle, r#move: Move) -> Look {
    Look { size, framing: Some(framing), angle, r#move }
}

/// A rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) id: &'static str,
    /// Why the shot exists.
    pub(super) purpose: &'static str,
    /// All must hold.
    pub(super) when: &'static [Test],
    pub(super) seen: Seen,
    /// One is chosen by the beat's number; where `in_turn` holds, the shots of a beat take them in order.
    pub(super) looks: &'static [Look],
    pub(super) in_turn: bool,
    /// Shortest and longest length in seconds, within the node's own limits.
    pub(super) seconds: (f64, f64),
    pub(super) confidence: f64,
}

const RULE: Rule = Rule {
    id: "",
    purpose: "action",
    when: &[],
    seen: Seen::Named,
    looks: &[],
    in_turn: false,
    seconds: (0.0, f64::INFINITY),
    confidence: 0.6,
};

const ANY: usize = usize::MAX;

/// The rules in order.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "R01",
        purpose: "insert",
        when: &[Test::Card],
        looks: &[framed(Framing::Insert, Cu, Eye, Static)],
        confidence: 0.8,
        ..RULE
    },
    Rule {
        id: "R02",
        purpose: "montage",
        when: &[Test::Montage],
        looks: &[
            look(Ws, Eye, PanRight),
            look(Cu, Eye, Static),
            look(Ms, Low, TrackLeft),
            framed(Framing::Insert, Vcu, High, Static),
            look(Fs, Eye, Handheld),
        ],
        seconds: (1.5, 2.5),
        confidence: 0.7,
        ..RULE
    },
    // Speech.
    Rule {
        id: "D01",
        purpose: "voice over",
        when: &[Test::VoiceOver, Test::Speakers(1, ANY)],
        seen: Seen::Listener,
        looks: &[look(Mcu, Eye, PushIn), look(Ms, Eye, Static)],
        confidence: 0.6,
        ..RULE
    },
    Rule {
        id: "D02",
        purpose: "voice over",
        when: &[Test::VoiceOver],
        seen: Seen::Listener,
        looks: &[framed(Framing::Establishing, Ws, Eye, PanRight), framed(Framing::Establishing, Ews, High, CraneDown)],
        confidence: 0.5,
        ..RULE
    },
    Rule {
        id: "D03",
        purpose: "reaction",
        when: &[Test::OffScreen, Test::Speakers(1, ANY)],
        seen: Seen::Listener,
        looks: &[look(Cu, Eye, Static), look(Mcu, Eye, PushIn)],
        confidence: 0.65,
        ..RULE
    },
    Rule {
        id: "D14",
        purpose: "off screen",
        when: &[Test::OffScreen],
        seen: Seen::Listener,
        looks: &[look(Fs, Eye, PushIn), look(Ws, Eye, Static)],
        confidence: 0.4,
        ..RULE
    },
    Rule {
        id: "D04",
        purpose: "reaction",
        when: &[Test::Speaks, Test::Continued, Test::Speakers(2, ANY)],
        seen: Seen::Listener,
        looks: &[look(Cu, Eye, Static), look(Mcu, Eye, PushIn)],
        confidence: 0.55,
        ..RULE
    },
    Rule {
        id: "D05",
        purpose: "dialogue",
        when: &[Test::Speaks, Test::FirstSpeech, Test::Speakers(2, ANY)],
        seen: Seen::Both,
        looks: &[look(Ms, Eye, Static), look(Mls, Eye, PushIn)],
        confidence: 0.7,
        ..RULE
    },
    Rule {
        id: "D06",
        purpose: "dialogue",
        when: &[
            Test::Speaks,
            Test::Direction(&[
                "whisper", "softly", "quietly", "gently", "crying", "tears", "barely", "hushed", "himself", "herself",
            ]),
        ],
        looks: &[look(Cu, Eye, PushIn), look(Vcu, Eye, Static)],
        confidence: 0.7,
        ..RULE
    },
    Rule {
        id: "D07",
        purpose: "dialogue",
        when: &[Test::Speaks, Test::Direction(&["shout", "calling", "yell", "scream", "urgent", "urgently"])],
        looks: &[look(Mcu, Low, Handheld)],
        confidence: 0.7,
        ..RULE
    },
    Rule {
        id: "D08",
        purpose: "dialogue",
        when: &[Test::Speaks, Test::Ends('!')],
        looks: &[look(Cu, Eye, Handheld), look(Mcu, Low, Handheld)],
        confidence: 0.6,
        ..RULE
    },
    Rule {
        id: "D09",
        purpose: "dialogue",
        when: &[Test::Speaks, Test::Speakers(3, ANY)],
        looks: &[look(Mcu, Eye, Static), look(Bust, Eye, Static)],
        confidence: 0.6,
        ..RULE
    },
    Rule {
        id: "D10",
        purpose: "dialogue",
        when: &[Test::Speaks, Test::Speakers(2, 2), Test::Longer(11)],
        looks: &[look(Mcu, Eye, PushIn)],
        confidence: 0.6,
        ..RULE
    },
    Rule {
        id: "D11",
        purpose: "dialogue",
        when: &[Test::Speaks, Test::Speakers(2, 2), Test::Shorter(5)],
        looks: &[look(Cu, Eye, Static)],
        confidence: 0.6,
        ..RULE
    },
    Rule {
        id: "D12",
        purpose: "dialogue",
        when: &[Test::Speaks, Test::Speakers(2, 2)],
        seen: Seen::Both,
        looks: &[framed(Framing::OtsLeft, Bust, Eye, Static), framed(Framing::OtsLeft, Mcu, Eye, Static)],
        confidence: 0.6,
        ..RULE
    },
    Rule {
        id: "D13",
        purpose: "dialogue",
        when: &[Test::Speaks],
        looks: &[look(Ms, Eye, PushIn), look(Mcu, Eye, Static)],
        confidence: 0.55,
        ..RULE
    },
    // Openings.
    Rule {
        id: "R10",
        purpose: "establish",
        when: &[Test::Opening, Test::Interior],
        looks: &[
            framed(Framing::Establishing, Ws, High, PushIn),
            framed(Framing::Establishing, Ws, Eye, PanRight),
            framed(Framing::Establishing, Fs, Low, TrackRight),
        ],
        seconds: (3.0, 5.5),
        confidence: 0.75,
        ..RULE
    },
    Rule {
        id: "R11",
        purpose: "establish",
        when: &[Test::Opening],
        looks: &[
            framed(Framing::Establishing, Ews, High, CraneDown),
            framed(Framing::Establishing, Ews, Eye, PanRight),
            framed(Framing::Establishing, Ws, Low, CraneUp),
        ],
        seconds: (3.0, 5.5),
        confidence: 0.75,
        ..RULE
    },
    // Action.
    Rule {
        id: "R20",
        purpose: "introduce",
        when: &[Test::Introduces],
        looks: &[look(Ms, Eye, PushIn), look(Mcu, Low, PushIn)],
        seconds: (2.0, 6.0),
        confidence: 0.7,
        ..RULE
    },
    Rule {
        id: "R21",
        purpose: "reveal",
        when: &[Test::Verb(&["reveal", "discover", "appear", "emerge"])],
        looks: &[look(Ms, Eye, RackFocus), look(Ws, Low, PushIn)],
        confidence: 0.6,
        ..RULE
    },
    Rule {
        id: "R22",
        purpose: "action",
        when: &[Test::Verb(&[
            "run", "ran", "chase", "flee", "fight", "race", "sprint", "explode", "crash", "leap", "jump", "bolt",
            "fall", "fell", "smash",
        ])],
        looks: &[look(Mls, Low, Handheld), look(Ws, Eye, TrackRight), look(Ms, Eye, Follow)],
        seconds: (1.2, 4.0),
        confidence: 0.65,
        ..RULE
    },
    Rule {
        id: "R23",
        purpose: "reaction",
        when: &[
            Test::Verb(&[
                "whisper", "cry", "smile", "weep", "hesitate", "freeze", "froze", "flinch", "realise", "realize",
                "tremble", "sigh", "swallow", "blink", "nod", "breathe",
            ]),
            Test::Cast(1, 1),
        ],
        looks: &[look(Cu, Eye, PushIn), look(Vcu, Eye, Static), look(Cu, Low, Static)],
        confidence: 0.65,
        ..RULE
    },
    Rule {
        id: "R24",
        purpose: "insert",
        when: &[
            Test::Verb(&[
                "take", "took", "hold", "held", "open", "press", "drop", "write", "wrote", "dial", "light", "lit",
                "lift", "grip", "turn", "strike", "struck", "pull", "set", "wind", "wound", "read", "pour", "wipe",
                "close", "lay", "hang", "hand", "fit",
            ]),
            Test::Prop,
        ],
        looks: &[
            framed(Framing::Insert, Cu, High, Static),
            look(Ms, Eye, TiltDown),
            framed(Framing::Insert, Vcu, Eye, PushIn),
        ],
        confidence: 0.6,
        ..RULE
    },
    Rule {
        id: "R25",
        purpose: "reaction",
        when: &[
            Test::Verb(&[
                "look", "see", "saw", "watch", "stare", "notice", "gaze", "peer", "study", "glance", "search",
            ]),
            Test::Cast(1, 1),
        ],
        looks: &[look(Cu, Eye, PushIn), framed(Framing::Pov, Ws, Eye, Static)],
        in_turn: true,
        confidence: 0.65,
        ..RULE
    },
    Rule {
        id: "R26",
        purpose: "action",
        when: &[
            Test::Verb(&[
                "enter", "exit", "leave", "arrive", "walk", "cross", "climb", "descend", "step", "stride", "hurry",
                "stagger", "follow", "row", "drive", "pace", "wade", "come", "go",
            ]),
            Test::Cast(1, ANY),
        ],
        looks: &[look(Fs, Eye, Follow), look(Mls, Low, TrackRight), look(Ws, High, PanLeft)],
        confidence: 0.6,
        ..RULE
    },
    Rule {
        id: "R27",
        purpose: "action",
        when: &[
            Test::Verb(&["sit", "sat", "stand", "stood", "kneel", "knelt", "rise", "rose", "crouch", "lean"]),
            Test::Cast(1, ANY),
        ],
        looks: &[look(Ms, Eye, TiltUp), look(Ms, Low, Static), look(Mls, Eye, ArcLeft)],
        confidence: 0.55,
        ..RULE
    },
    Rule {
        id: "R28",
        purpose: "establish",
        when: &[
            Test::Word(&[
                "sea",
                "ocean",
                "horizon",
                "sky",
                "waves",
                "storm",
                "city",
                "crowd",
                "army",
                "forest",
                "mountains",
                "cliff",
                "cliffs",
                "coast",
                "landscape",
                "valley",
                "desert",
                "stars",
            ]),
            Test::Cast(0, 0),
        ],
        looks: &[look(Ews, High, PanRight), look(Ews, Low, Static), look(Ws, Eye, CraneUp)],
        confidence: 0.55,
        ..RULE
    },
    Rule {
        id: "R29",
        purpose: "insert",
        when: &[Test::Prop, Test::Cast(0, 0)],
        looks: &[framed(Framing::Insert, Cu, Eye, PushIn), framed(Framing::Insert, Vcu, High, Static)],
        confidence: 0.5,
        ..RULE
    },
    Rule {
        id: "R30",
        purpose: "action",
        when: &[Test::Cast(0, 0)],
        looks: &[look(Ws, Eye, Static), look(Fs, Low, PushIn), look(Ews, Eye, PanLeft)],
        confidence: 0.35,
        ..RULE
    },
    Rule {
        id: "R31",
        purpose: "action",
        when: &[Test::Cast(2, ANY)],
        looks: &[look(Mls, Eye, Static), look(Ms, Eye, TrackLeft)],
        confidence: 0.45,
        ..RULE
    },
    Rule {
        id: "R32",
        purpose: "action",
        when: &[],
        looks: &[look(Ms, Eye, Static), look(Mcu, Eye, PushIn), look(Mls, Eye, TrackRight)],
        confidence: 0.4,
        ..RULE
    },
];

/// What the script itself orders, over whatever rule applies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Directive {
    pub(super) id: &'static str,
    /// Sequences of words, in small letters.
    pub(super) phrases: &'static [&'static str],
    /// Only where they stand in capitals.
    pub(super) caps: bool,
    pub(super) size: Option<ShotSize>,
    pub(super) framing: Option<Framing>,
    pub(super) angle: Option<Angle>,
    pub(super) r#move: Option<Move>,
}

const DIRECTIVE: Directive =
    Directive { id: "", phrases: &[], caps: true, size: None, framing: None, angle: None, r#move: None };

const fn sized(id: &'static str, phrases: &'static [&'static str], size: ShotSize) -> Directive {
    Directive { id, phrases, size: Some(size), ..DIRECTIVE }
}

const fn moved(id: &'static str, phrases: &'static [&'static str], r#move: Move) -> Directive {
    Directive { id, phrases, r#move: Some(r#move), ..DIRECTIVE }
}

const fn angled(id: &'static str, phrases: &'static [&'static str], angle: Angle) -> Directive {
    Directive { id, phrases, angle: Some(angle), ..DIRECTIVE }
}

/// Obeyed in order; of two that set the same field, the first wins, so that longer phrases stand first.
pub(super) const DIRECTIVES: &[Directive] = &[
    sized("X01", &["extreme close on", "extreme close up", "extreme close-up", "ecu"], Ecu),
    sized("X02", &["close on", "close up", "close-up", "closeup", "tight on"], Cu),
    sized("X03", &["medium close", "mcu"], Mcu),
    sized("X04", &["medium on", "medium shot", "angle on"], Ms),
    Directive { framing: Some(Framing::Establishing), ..sized("X05", &["extreme wide", "establishing", "vista"], Ews) },
    sized("X06", &["wide on", "wide shot", "wide", "full shot", "long shot", "master"], Ws),
    Directive { id: "X07", phrases: &["pov", "point of view"], framing: Some(Framing::Pov), ..DIRECTIVE },
    Directive {
        framing: Some(Framing::Insert),
        angle: Some(Eye),
        r#move: Some(Static),
        ..sized("X08", &["insert", "insert on", "detail"], Cu)
    },
    Directive { framing: Some(Framing::Two), ..sized("X09", &["two shot", "two-shot"], Ms) },
    Directive { framing: Some(Framing::OtsLeft), ..sized("X10", &["over the shoulder", "ots"], Bust) },
    Directive {
        id: "X11",
        phrases: &["aerial", "bird's eye", "birds eye"],
        size: Some(Ews),
        framing: Some(Framing::Aerial),
        angle: Some(Angle::BirdsEye),
        ..DIRECTIVE
    },
    angled("X12", &["overhead", "top shot"], Overhead),
    angled("X13", &["low angle"], Low),
    angled("X14", &["high angle"], High),
    angled("X15", &["dutch", "dutch angle", "canted"], Angle::Dutch),
    angled("X16", &["worm's eye", "worms eye"], Angle::WormsEye),
    moved("X20", &["push in", "pushing in", "dolly in", "moving in"], PushIn),
    moved("X21", &["pull back", "pull out", "pulling back", "dolly out", "dolly back"], PullOut),
    moved("X22", &["crane up", "craning up", "boom up"], CraneUp),
    moved("X23", &["crane down", "crane", "craning down", "boom down"], CraneDown),
    moved("X24", &["tracking", "track right", "track", "trucking"], TrackRight),
    moved("X25", &["track left", "tracking left"], TrackLeft),
    moved("X26", &["whip pan"], WhipPan),
    moved("X27", &["pan left", "panning left"], PanLeft),
    moved("X28", &["pan right", "panning right", "pan", "panning"], PanRight),
    moved("X29", &["tilt up"], TiltUp),
    moved("X30", &["tilt down", "tilt"], TiltDown),
    moved("X31", &["zoom out"], ZoomOut),
    moved("X32", &["zoom in", "zoom", "crash zoom"], ZoomIn),
    moved("X33", &["handheld", "hand-held", "shaky"], Handheld),
    moved("X34", &["rack focus", "racking focus"], RackFocus),
    moved("X35", &["orbit", "circling", "arc around", "arc left"], ArcLeft),
    moved("X36", &["arc right"], Move::ArcRight),
    moved("X37", &["static", "locked off", "hold on"], Static),
    Directive { caps: false, ..moved("X38", &["we follow", "we track", "following"], Follow) },
    Directive { caps: false, ..moved("X39", &["camera pushes in", "we push in", "we move closer"], PushIn) },
    Directive { caps: false, ..moved("X40", &["camera pulls back", "we pull back", "we pull out"], PullOut) },
];

/// Words that tilt the camera where rule and script leave it at eye level.
pub(super) const TILTS: &[(&str, Angle, &[&str])] = &[
    ("A01", Low, &["towers over", "looms", "high above", "above her", "above him", "above them", "from below"]),
    ("A02", High, &["far below", "from above", "looks down", "stares down", "peers down", "below her", "below him"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let ids: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
        let ids: std::collections::BTreeSet<_> = DIRECTIVES.iter().map(|directive| directive.id).collect();
        assert_eq!(ids.len(), DIRECTIVES.len());
        for rule in RULES {
            assert!(!rule.looks.is_empty(), "{} has no look", rule.id);
            assert!(rule.seconds.0 <= rule.seconds.1 && (0.0..=1.0).contains(&rule.confidence), "{}", rule.id);
        }
        assert!(RULES.last().is_some_and(|rule| rule.when.is_empty()), "the last rule must always match");
    }

    #[test]
    fn the_reference_page_lists_every_rule() {
        let page = include_str!("../../docs/BREAKDOWN.md");
        let ids = RULES
            .iter()
            .map(|rule| rule.id)
            .chain(DIRECTIVES.iter().map(|it| it.id))
            .chain(TILTS.iter().map(|it| it.0));
        for id in ids {
            assert!(page.contains(&format!("| {id} |")), "docs/BREAKDOWN.md does not list {id}");
        }
    }
}
