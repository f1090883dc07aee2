//! What a call asks to be drawn, read once: shot, place, people, props, voices.
//!
//! A call without a shot gets one read out of the words of its prompt. Pictures come later, in `scene`.

use model::{
    Call, CastMember, Framing, IntExt, Move, Reference, Role, Setting, Shot, ShotSize, Side, TimeOfDay, Weather,
};

use crate::light::Light;
use crate::look::Look;
use crate::math::{Rng, finite};
use crate::place::{Place, kind_in};
use crate::pose::Act;
use crate::tone::lch;
use crate::voice::Speech;

/// Figures that are drawn; a larger cast is counted on the panel.
pub(crate) const MOST_FIGURES: usize = 12;
/// Lines that are heard and drawn.
const MOST_LINES: usize = 200;

/// A character in the shot.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) look: Look,
    pub(crate) act: Act,
    pub(crate) feeling: String,
    pub(crate) side: Side,
    /// Index of the reference in the call.
    pub(crate) reference: Option<usize>,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Brief {
    pub(crate) shot: Shot,
    /// Whether the shot was read out of the prompt.
    pub(crate) from_prompt: bool,
    pub(crate) place: Place,
    pub(crate) place_reference: Option<usize>,
    pub(crate) light: Light,
    pub(crate) cast: Vec<Actor>,
    /// Characters that are not drawn because there are too many.
    pub(crate) n_unseen: usize,
    /// Name and reference.
    pub(crate) props: Vec<(String, Option<usize>)>,
    pub(crate) speeches: Vec<Speech>,
    /// Looks of those who only speak.
    voices: Vec<(String, Look)>,
    /// Differs by seed and take.
    pub(crate) seed: u64,
}

fn find(references: &[std::sync::Arc<Reference>], role: Role, name: &str) -> Option<usize> {
    references.iter().position(|it| it.role == role && it.is_called(name))
}

impl Brief {
    pub(crate) fn of(call: &Call) -> Brief {
        let mut shot = match &call.shot {
            Some(shot) => (**shot).clone(),
            None => shot_in(call),
        };
        shot.duration_s = finite(shot.duration_s);
        let refs = &call.references;
        let place_reference = find(refs, Role::Location, &shot.setting.location).or_else(|| {
            // "LIGHTHOUSE" stands for "LIGHTHOUSE - GALLERY" where nothing nearer is named.
            let first = shot.setting.location.split([',', '-', '/']).next().unwrap_or("");
            find(refs, Role::Location, first)
        });
        let place = Place::of(
            &shot.setting,
            place_reference.map(|i| &*refs[i]),
            if call.shot.is_none() { &call.prompt } else { &shot.text },
        );
        // A cave by night is lit as an inside wherever its heading says EXT.
        let mut setting = shot.setting.clone();
        if place.kind.indoors() {
            setting.int_ext = IntExt::Int;
        } else if setting.int_ext == IntExt::Int {
            setting.int_ext = IntExt::Both;
        }
        let mut place = place;
        if setting.weather == Weather::Snow && !place.kind.indoors() {
            let snow = lch(0.93, 0.012, 240.0);
            (place.base, place.second) = (place.base.mix(snow, 0.75), place.second.mix(snow, 0.35));
        }
        let light = Light::of(&setting, Rng::new(place.seed ^ 0x51de).chance(0.5));
        let actor = |member: &CastMember| {
            let reference = find(refs, Role::Character, &member.name);
            let act = match Act::of(&member.action) {
                Act::Stand if member.action.trim().is_empty() && shot.cast.len() == 1 => Act::of(&shot.text),
                act => act,
            };
            Actor {
                look: Look::of(&member.name, reference.map(|i| &*refs[i])),
                act,
                feeling: member.emotion.clone(),
                side: member.side,
                reference,
            }
        };
        let cast: Vec<Actor> = shot.cast.iter().take(MOST_FIGURES).map(actor).collect();
        let speeches: Vec<Speech> = shot.lines.iter().take(MOST_LINES).map(Speech::of).collect();
        let mut voices: Vec<(String, Look)> = Vec::new();
        for speech in &speeches {
            if !voices.iter().any(|(name, _)| *name == speech.character) {
                let reference = find(refs, Role::Character, &speech.character);
                voices.push((speech.character.clone(), Look::of(&speech.character, reference.map(|i| &*refs[i]))));
            }
        }
        let props = shot.props.iter().take(6).map(|name| (name.clone(), find(refs, Role::Prop, name))).collect();
        let seed = Rng::new(call.seed ^ u64::from(call.take).rotate_left(32)).next();
        Brief {
            n_unseen: shot.cast.len().saturating_sub(MOST_FIGURES),
            from_prompt: call.shot.is_none(),
            shot,
            place,
            place_reference,
            light,
            cast,
            props,
            speeches,
            voices,
            seed,
        }
    }

    /// The look of a speaker.
    pub(crate) fn look_of(&self, character: &str) -> Option<&Look> {
        self.voices.iter().find(|(name, _)| name == character).map(|(_, look)| look)
    }

    /// Index of the actor that a line belongs to.
    pub(crate) fn actor_of(&self, character: &str) -> Option<usize> {
        let name = self.look_of(character).map_or(character, |look| look.name.as_str());
        self.cast.iter().position(|actor| actor.look.name.trim().eq_ignore_ascii_case(name.trim()))
    }

    /// Whom the frame is about: the first to speak on screen, else the first named.
    pub(crate) fn lead(&self) -> usize {
        self.speeches
            .iter()
            .filter(|speech| !speech.unseen)
            .find_map(|speech| self.actor_of(&speech.character))
            .unwrap_or(0)
    }

    /// How loud an actor speaks at `t` seconds, 0 to 1.
    pub(crate) fn voice(&self, actor: usize, t: f64) -> f64 {
        let own = &self.cast[actor].look.name;
        self.speeches
            .iter()
            .filter(|speech| !speech.unseen && self.look_of(&speech.character).is_some_and(|look| look.name == *own))
            .map(|speech| speech.loudness(t))
            .fold(0.0, f64::max)
    }
}

/// A shot for a call that has only words.
fn shot_in(call: &Call) -> Shot {
    let text: String = call.prompt.chars().take(2000).collect();
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let has = |any: &[&str]| {
        any.iter().any(|phrase| if phrase.contains(' ') { lower.contains(phrase) } else { words.contains(phrase) })
    };
    let int_ext = if has(&[
        "int", "interior", "inside", "indoors", "kitchen", "room", "office", "bedroom", "corridor", "bar", "cave",
    ]) {
        IntExt::Int
    } else {
        IntExt::Ext
    };
    let time = if has(&["night", "midnight", "moonlight", "moonlit"]) {
        TimeOfDay::Night
    } else if has(&["dawn", "sunrise"]) {
        TimeOfDay::Dawn
    } else if has(&["dusk", "twilight", "evening"]) {
        TimeOfDay::Dusk
    } else if has(&["golden", "sunset"]) {
        TimeOfDay::GoldenHour
    } else if has(&["morning"]) {
        TimeOfDay::Morning
    } else if has(&["afternoon"]) {
        TimeOfDay::Afternoon
    } else {
        TimeOfDay::Day
    };
    let weather = if has(&["storm", "thunder", "gale"]) {
        Weather::Storm
    } else if has(&["rain", "rainy", "drizzle"]) {
        Weather::Rain
    } else if has(&["fog", "mist", "foggy", "misty"]) {
        Weather::Fog
    } else if has(&["snow", "snowy", "blizzard"]) {
        Weather::Snow
    } else if has(&["cloudy", "overcast", "clouds"]) {
        Weather::Cloud
    } else {
        Weather::Clear
    };
    let called: Vec<&std::sync::Arc<Reference>> = call
        .references
        .iter()
        .filter(|it| {
            it.role == Role::Character && (lower.contains(&it.name.trim().to_lowercase()) || call.references.len() == 1)
        })
        .collect();
    let mut cast: Vec<CastMember> = called
        .iter()
        .take(MOST_FIGURES)
        .map(|it| CastMember { name: it.name.clone(), action: text.clone(), emotion: text.clone(), side: Side::Centre })
        .collect();
    let people = [
        "woman",
        "man",
        "girl",
        "boy",
        "child",
        "keeper",
        "captain",
        "detective",
        "soldier",
        "doctor",
        "king",
        "queen",
    ];
    if cast.is_empty() {
        for word in people.iter().filter(|word| words.contains(word)).take(3) {
            let side = Side::Centre;
            cast.push(CastMember { name: word.to_uppercase(), action: text.clone(), emotion: text.clone(), side });
        }
    }
    let size = if has(&["extreme close", "macro"]) {
        ShotSize::Vcu
    } else if has(&["close up", "close-up", "closeup", "portrait"]) {
        ShotSize::Cu
    } else if has(&["medium"]) {
        ShotSize::Ms
    } else if has(&["aerial", "extreme wide", "establishing", "vast"]) || cast.is_empty() {
        ShotSize::Ews
    } else if has(&["wide"]) {
        ShotSize::Ws
    } else {
        ShotSize::Cowboy
    };
    let r#move = if has(&["push in", "pushes in", "dolly in"]) {
        Move::PushIn
    } else if has(&["pull out", "pulls out", "pull back"]) {
        Move::PullOut
    } else if has(&["handheld", "hand-held"]) {
        Move::Handheld
    } else if has(&["pan left"]) {
        Move::PanLeft
    } else if has(&["pan", "panning", "pan right"]) {
        Move::PanRight
    } else if has(&["crane", "drone"]) {
        Move::CraneUp
    } else if has(&["tracking", "dolly"]) {
        Move::TrackRight
    } else {
        Move::Static
    };
    let location =
        call.references.iter().find(|it| it.role == Role::Location).map_or(String::new(), |it| it.name.clone());
    let location = if location.is_empty() && kind_in(&text, int_ext).is_none() {
        text.chars().take(60).collect()
    } else {
        location
    };
    let framing = match cast.len() {
        0 => Framing::Establishing,
        2 => Framing::Two,
        3.. => Framing::Group,
        _ => Framing::Single,
    };
    Shot {
        id: String::new(),
        scene: String::new(),
        number: String::new(),
        text,
        setting: Setting { location, int_ext, time, weather },
        camera: model::Camera { size, framing, angle: model::Angle::Eye, r#move, lens_mm: 35 },
        cast,
        props: Vec::new(),
        lines: Vec::new(),
        duration_s: if call.rate.is_valid() { call.rate.seconds(u64::from(call.n_frames)) } else { 0.0 },
        seed: None,
        purpose: String::new(),
        provenance: std::collections::BTreeMap::new(),
    }
}
