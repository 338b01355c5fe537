//! The order of answers decides about nothing.

use proptest::prelude::*;

use super::world::{About, World};

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const RANGES: [&str; 5] = ["^1", "1.0.0", "^2", ">=1", "1.1.0"];
const VERSIONS: [&str; 4] = ["1.0.0", "1.1.0", "2.0.0", "2.1.0"];

type Edges = Vec<(usize, usize)>;

/// What one version asks for: dependencies, optional ones, peers, and which of these may be absent.
fn version() -> impl Strategy<Value = (Edges, Edges, Edges, bool)> {
    let edge = || (0..NAMES.len(), 0..RANGES.len());
    (
        prop::collection::vec(edge(), 0..4),
        prop::collection::vec(edge(), 0..2),
        prop::collection::vec(edge(), 0..2),
        any::<bool>(),
    )
}

fn named(edges: &Edges) -> Vec<(&'static str, &'static str)> {
    edges.iter().map(|(name, range)| (NAMES[*name], RANGES[*range])).collect()
}

prop_compose! {
    fn world()(
        versions in prop::collection::vec(version(), NAMES.len() * VERSIONS.len()),
        projects in prop::collection::vec(prop::collection::vec((0..NAMES.len(), 0..RANGES.len()), 1..5), 1..4),
        auto_install_peers in any::<bool>(),
    ) -> World {
        let mut world = World::new();
        let ids = NAMES.iter().flat_map(|name| VERSIONS.iter().map(move |version| format!("{name}@{version}")));
        for (id, (dependencies, optional, peers, may_lack)) in ids.zip(&versions) {
            let (dependencies, optional, peers) = (named(dependencies), named(optional), named(peers));
            let names: Vec<&str> = peers.iter().map(|(name, _)| *name).filter(|_| *may_lack).collect();
            world.publish(&id, &About {
                dependencies: &dependencies,
                optional: &optional,
                peers: &peers,
                may_lack: &names,
                ..About::default()
            });
        }
        for (position, wanted) in projects.iter().enumerate() {
            let id = if position == 0 { ".".to_owned() } else { format!("p{position}") };
            world.project(&id, &named(wanted));
        }
        world.settings.auto_install_peers = auto_install_peers;
        world
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn delays_do_not_change_the_tree(mut world in world(), shuffles in prop::collection::vec(1_u64.., 3)) {
        let still = world.tree();
        let heard = world.heard.take();
        for shuffle in shuffles {
            world.shuffle = shuffle;
            prop_assert_eq!(&world.tree(), &still);
            prop_assert_eq!(&world.heard.take(), &heard);
        }
    }

    #[test]
    fn delays_do_not_change_what_is_made_of_a_lockfile(mut world in world(), shuffle in 1_u64..) {
        world.lockfile = Some(world.lock());
        let first = world.tree();
        world.shuffle = shuffle;
        prop_assert_eq!(&world.tree(), &first);
    }
}
