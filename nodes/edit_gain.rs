//! Makes a clip's sound louder or softer.

use model::{Help, NodeSpec, ParamSpec, no_upgrade};

use crate::editing::{edited, ports};

/// `edit.gain`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "edit.gain",
    version: 1,
    help: Help {
        title: "Gain",
        category: "Edit",
        summary: "Makes a clip's sound louder or softer",
        keywords: &["volume", "loudness", "level", "mute", "audio"],
    },
    params: &[ParamSpec::number("gain_db", 0.0)
        .range(-96.0, 24.0)
        .soft(-24.0, 12.0)
        .unit("dB")
        .help("6 is about twice the amplitude, -96 is silence")],
    ports: |_| ports(),
    plan: |cx| Ok(edited(cx.clip("clip")?.gain(cx.number("gain_db")?))),
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{clip, given_clip};
    use crate::testing::Fixture;

    #[test]
    fn gains_add_up() {
        let louder = given_clip(Fixture::new(&SPEC).input("clip", clip(48)).param("gain_db", 3.0).plan());
        let again = Fixture::new(&SPEC).input("clip", model::Value::Clip(louder)).param("gain_db", -9.0);
        assert_eq!(given_clip(again.plan()).pieces[0].gain_db, -6.0);
        let deafening = Fixture::new(&SPEC).input("clip", clip(48)).param("gain_db", 60.0);
        assert_eq!(deafening.refusal(), "60 is outside -96 to 24");
    }
}
