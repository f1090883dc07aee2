//! Joins clips with a transition at each join.

use model::{Help, NodeSpec, ParamSpec, Recipe, Transition, TransitionKind, no_upgrade};

use crate::editing::{count, edited, frames, joining_ports, not_empty};

/// `edit.crossfade`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "edit.crossfade",
    version: 1,
    help: Help {
        title: "Crossfade",
        category: "Edit",
        summary: "Joins clips with a transition at each join",
        keywords: &["dissolve", "mix", "transition", "wipe", "dip to black", "blend"],
    },
    params: &[
        frames("frames", 12).help("Overlap of neighbours; shorter where a clip has less to give"),
        ParamSpec::choice("kind", "crossfade", &["crossfade", "dip", "wipe"])
            .help("Mix one into the other, go through black, or wipe from left to right"),
    ],
    ports: |_| joining_ports(),
    plan: |cx| {
        let clips = cx.clips("clips")?;
        let kind = match cx.choice("kind")? {
            "dip" => TransitionKind::Dip,
            "wipe" => TransitionKind::Wipe,
            _ => TransitionKind::Crossfade,
        };
        let between = Transition { kind, frames: count(cx, "frames")? };
        let size = clips.first().map_or(cx.settings.size, |(_, clip)| clip.size);
        let joined = Recipe::join(clips.iter().map(|(_, clip)| &***clip), size, cx.settings.fps, Some(between));
        let joined = not_empty(cx, "clips", joined)?;
        let wanted = between.frames * (clips.len() as u64).saturating_sub(1);
        let lengths = clips.iter().map(|(_, clip)| clip.conform(size, cx.settings.fps).n_frames());
        let is_short = joined.n_frames().saturating_add(wanted) != lengths.fold(0, u64::saturating_add);
        let plan = edited(joined);
        if is_short {
            let message = "some clips are too short for the transition, which is shortened there";
            return Ok(plan.note(cx.warn("short-transition", "frames", message)));
        }
        Ok(plan)
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
    fn neighbours_overlap() {
        let fixture = Fixture::new(&SPEC).input("clips", list([clip(48), clip(24)])).param("kind", "wipe");
        let joined = given_clip(fixture.plan());
        assert_eq!(joined.n_frames(), 60);
        assert_eq!(joined.pieces[0].transition, Some(Transition { kind: TransitionKind::Wipe, frames: 12 }));
        assert!(fixture.plan().expect("it plans").notes.is_empty());
    }

    #[test]
    fn short_clips_shorten_the_transition_with_a_warning() {
        let fixture = Fixture::new(&SPEC).input("clips", list([clip(48), clip(4)]));
        assert_eq!(given_clip(fixture.plan()).n_frames(), 48);
        assert_eq!(fixture.plan().expect("it plans").notes[0].code, "short-transition");
        assert_eq!(Fixture::new(&SPEC).input("clips", list([])).refusal(), "no frame is left");
    }
}
