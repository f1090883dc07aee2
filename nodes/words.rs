//! Camera, light and cast of a shot in the words that image models are trained on.
//!
//! Knows shots only. Names of the file format (`MCU`, `ots_l`) mean nothing to most models, so they are spelt out.

use model::{Angle, Camera, CastMember, Framing, IntExt, Line, Move, Setting, ShotSize, Side, Weather};

/// `medium shot, eye level, 35 mm lens, slow push in`.
pub(crate) fn camera(camera: &Camera) -> String {
    let lens = if camera.lens_mm == 0 { String::new() } else { format!("{} mm lens", camera.lens_mm) };
    listed([size(camera.size), framing(camera.framing), angle(camera.angle), &lens, movement(camera.r#move)])
}

/// `exterior, night, fog`.
pub(crate) fn light(setting: &Setting) -> String {
    let inside = match setting.int_ext {
        IntExt::Int => "interior",
        IntExt::Ext => "exterior",
        IntExt::Both => "interior and exterior",
    };
    let weather = if setting.weather == Weather::Clear { "" } else { setting.weather.name() };
    listed([inside, &setting.time.name().to_lowercase(), weather])
}

/// What a figure does, how it feels and where it stands: `runs, afraid, on the left`.
pub(crate) fn doing(member: &CastMember) -> String {
    let side = match member.side {
        Side::Left => "on the left",
        Side::Centre => "",
        Side::Right => "on the right",
    };
    listed([member.action.trim(), member.emotion.trim(), side])
}

/// `MARA (quietly) says: "The lamp."`, one line each.
pub(crate) fn dialogue(lines: &[Line]) -> String {
    let said = lines.iter().map(|line| {
        let manner = match line.parenthetical.trim().trim_matches(['(', ')']) {
            "" => String::new(),
            manner => format!(" ({manner})"),
        };
        format!("{}{manner} says: \"{}\"", line.character, line.text.trim())
    });
    said.collect::<Vec<_>>().join("\n")
}

/// The texts that say something, with commas between.
pub(crate) fn listed<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

fn size(size: ShotSize) -> &'static str {
    match size {
        ShotSize::Ecu => "extreme close-up",
        ShotSize::Vcu => "tight close-up",
        ShotSize::Cu => "close-up",
        ShotSize::Mcu => "medium close-up",
        ShotSize::Bust => "bust shot",
        ShotSize::Ms => "medium shot",
        ShotSize::Cowboy => "cowboy shot",
        ShotSize::Mls => "medium long shot",
        ShotSize::Fs => "full shot",
        ShotSize::Ws => "wide shot",
        ShotSize::Ews => "extreme wide shot",
    }
}

fn framing(framing: Framing) -> &'static str {
    match framing {
        Framing::Single => "",
        Framing::Two => "two-shot",
        Framing::Three => "three-shot",
        Framing::Group => "group shot",
        Framing::OtsLeft => "over the left shoulder",
        Framing::OtsRight => "over the right shoulder",
        Framing::Pov => "point of view",
        Framing::Insert => "insert of a detail",
        Framing::Establishing => "establishing shot",
        Framing::Aerial => "aerial view",
    }
}

fn angle(angle: Angle) -> &'static str {
    match angle {
        Angle::BirdsEye => "bird's-eye view",
        Angle::Overhead => "from overhead",
        Angle::High => "high angle",
        Angle::Eye => "eye level",
        Angle::Low => "low angle",
        Angle::WormsEye => "worm's-eye view",
        Angle::Dutch => "Dutch angle",
    }
}

fn movement(movement: Move) -> &'static str {
    match movement {
        Move::Static => "locked-off camera",
        Move::PanLeft => "pan to the left",
        Move::PanRight => "pan to the right",
        Move::TiltUp => "tilt up",
        Move::TiltDown => "tilt down",
        Move::PushIn => "slow push in",
        Move::PullOut => "slow pull out",
        Move::TrackLeft => "tracking to the left",
        Move::TrackRight => "tracking to the right",
        Move::CraneUp => "crane up",
        Move::CraneDown => "crane down",
        Move::ZoomIn => "zoom in",
        Move::ZoomOut => "zoom out",
        Move::Handheld => "handheld camera",
        Move::WhipPan => "whip pan",
        Move::Follow => "camera follows",
        Move::ArcLeft => "arc to the left",
        Move::ArcRight => "arc to the right",
        Move::RackFocus => "rack focus",
    }
}

#[cfg(test)]
mod tests {
    use model::TimeOfDay;

    use super::*;

    #[test]
    fn a_camera_reads_like_a_shot_list() {
        let seen = Camera { size: ShotSize::Mcu, r#move: Move::PushIn, lens_mm: 50, ..Camera::default() };
        assert_eq!(camera(&seen), "medium close-up, eye level, 50 mm lens, slow push in");
        let bare = Camera { framing: Framing::Two, ..Camera::default() };
        assert_eq!(camera(&bare), "medium shot, two-shot, eye level, locked-off camera");
    }

    #[test]
    fn light_names_time_and_weather() {
        let setting =
            Setting { time: TimeOfDay::GoldenHour, weather: Weather::Fog, int_ext: IntExt::Both, ..Setting::default() };
        assert_eq!(light(&setting), "interior and exterior, golden hour, fog");
        assert_eq!(light(&Setting::default()), "exterior, day");
    }
}
