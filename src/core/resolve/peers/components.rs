//! Cycles: the strongly connected components of a graph.

/// For each vertex the number of its component; vertices on a common cycle share it. `edges[v]` are the vertices that
/// `v` leads to. Works without recursion, so that no chain of dependencies is too deep for it.
pub(super) fn components(edges: &[Vec<u32>]) -> Vec<u32> {
    const UNSEEN: u32 = u32::MAX;
    let mut entered = vec![UNSEEN; edges.len()];
    let mut lowest = vec![0_u32; edges.len()];
    let mut component = vec![UNSEEN; edges.len()];
    let mut open: Vec<u32> = Vec::new();
    let mut path: Vec<(u32, usize)> = Vec::new();
    let (mut clock, mut count) = (0, 0);
    for root in 0..edges.len() {
        if entered[root] != UNSEEN {
            continue;
        }
        path.push((number(root), 0));
        while let Some((vertex, next)) = path.last_mut() {
            let at = *vertex as usize;
            if *next == 0 {
                entered[at] = clock;
                lowest[at] = clock;
                clock += 1;
                open.push(*vertex);
            }
            if let Some(&target) = edges[at].get(*next) {
                *next += 1;
                let target_at = target as usize;
                if entered[target_at] == UNSEEN {
                    path.push((target, 0));
                } else if component[target_at] == UNSEEN {
                    lowest[at] = lowest[at].min(entered[target_at]);
                }
                continue;
            }
            if lowest[at] == entered[at] {
                while let Some(member) = open.pop() {
                    component[member as usize] = count;
                    if member as usize == at {
                        break;
                    }
                }
                count += 1;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                let parent = *parent as usize;
                lowest[parent] = lowest[parent].min(lowest[at]);
            }
        }
    }
    component
}

/// A position as the narrow number that tables hold.
///
/// # Panics
/// Beyond four thousand million entries, for which no memory would suffice.
pub(super) fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or_else(|_| unreachable!("a table of more than 2^32 entries"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vertices_of_a_cycle_share_a_component_and_others_do_not() {
        let of = components(&[vec![1], vec![2, 3], vec![0], vec![4], vec![3], vec![5], vec![0]]);
        assert_eq!((of[0], of[0]), (of[1], of[2]));
        assert_eq!(of[3], of[4]);
        let mut kinds = vec![of[0], of[3], of[5], of[6]];
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), 4);
    }

    #[test]
    fn a_long_chain_does_not_exhaust_the_stack() {
        let edges: Vec<Vec<u32>> =
            (0..200_000_u32).map(|at| if at < 199_999 { vec![at + 1] } else { vec![0] }).collect();
        assert!(components(&edges).iter().all(|&component| component == 0));
    }
}
