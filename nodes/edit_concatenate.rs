//! Puts clips one after the other.

use model::{Help, NodeSpec, ParamSpec, Recipe, no_upgrade};

use crate::editing::{edited, joining_ports, not_empty};

/// `edit.concatenate`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "edit.concatenate",
    version: 1,
    help: Help {
        title: "Concatenate",
        category: "Edit",
        summary: "Puts clips one after the other, with plain cuts",
        keywords: &["join", "append", "sequence", "assemble"],
    },
    params: &[
        ParamSpec::integer("width", 0, 0, 8192).unit("pixels").help("Width of the result; 0 is the first clip's"),
        ParamSpec::integer("height", 0, 0, 8192).unit("pixels").help("Height of the result; 0 is the first clip's"),
    ],
    ports: |_| joining_ports(),
    plan: |cx| {
        let clips = cx.clips("clips")?;
        let first = clips.first().map_or(cx.settings.size, |(_, clip)| clip.size);
        let side = |name: &str, own: u32| {
            let pixels = cx.integer(name)?.unsigned_abs() as u32;
            Ok::<u32, model::Stop>(if pixels == 0 { own } else { pixels })
        };
        let size = (side("width", first.0)?, side("height", first.1)?);
        let joined = Recipe::join(clips.iter().map(|(_, clip)| &***clip), size, cx.settings.fps, None);
        not_empty(cx, "clips", joined).map(edited)
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{clip, given_clip, list};
    use crate::testing::Fixture;

    #[test]
    fn lengths_add_up() {
        let fixture = Fixture::new(&SPEC).input("clips", list([clip(48), clip(24), clip(1)]));
        let joined = given_clip(fixture.plan());
        assert_eq!((joined.n_frames(), joined.size, joined.pieces.len()), (73, (640, 360), 3));
        assert_eq!(given_clip(fixture.param("width", 320i64).plan()).size, (320, 360));
    }

    #[test]
    fn no_clip_is_refused() {
        assert_eq!(Fixture::new(&SPEC).input("clips", list([])).refusal(), "no frame is left");
    }
}
