//! Plays a clip faster or slower.

use model::{Help, NodeSpec, ParamSpec, no_upgrade};

use crate::editing::{edited, ports};

/// `edit.speed`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "edit.speed",
    version: 1,
    help: Help {
        title: "Speed",
        category: "Edit",
        summary: "Plays a clip faster or slower",
        keywords: &["slow motion", "fast", "time lapse", "retime", "stretch"],
    },
    params: &[ParamSpec::number("speed", 1.0)
        .range(0.05, 20.0)
        .soft(0.25, 4.0)
        .help("2 is twice as fast, 0.5 half; counted in thousandths")],
    ports: |_| ports(),
    plan: |cx| {
        let thousandths = (cx.number("speed")? * 1000.0).round() as u32;
        Ok(edited(cx.clip("clip")?.speed((thousandths, 1000))))
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{clip, given_clip};
    use crate::testing::Fixture;

    #[test]
    fn length_follows_speed() {
        let made = |speed: f64| {
            let made = given_clip(Fixture::new(&SPEC).input("clip", clip(48)).param("speed", speed).plan());
            (made.n_frames(), made.pieces[0].speed)
        };
        assert_eq!([made(2.0), made(0.5), made(1.0)], [(24, (2, 1)), (96, (1, 2)), (48, (1, 1))]);
    }

    #[test]
    fn standing_still_is_refused() {
        let fixture = Fixture::new(&SPEC).input("clip", clip(48)).param("speed", 0.0);
        assert_eq!(fixture.refusal(), "0 is outside 0.05 to 20");
    }
}
