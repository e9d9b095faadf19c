use super::*;

/// The leaves of the tree with which implementations of Certificate Transparency are tested.
const LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const A: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const B: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const C: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const D: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const E: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const F: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

fn hash(hex: &str) -> Hash {
    let bytes = (0..32).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap());
    Hash::from_slice(&bytes.collect::<Vec<_>>()).unwrap()
}

fn hashes(hex: &[&str]) -> Vec<Hash> {
    hex.iter().map(|hex| hash(hex)).collect()
}

fn frontier(size: usize) -> Frontier {
    let mut frontier = Frontier::new();
    LEAVES[..size].iter().for_each(|leaf| frontier.push(leaf_hash(leaf)));
    frontier
}

#[test]
fn the_published_roots_are_reproduced() {
    for (size, root) in ROOTS.iter().enumerate() {
        assert_eq!(frontier(size).root(), hash(root), "size {size}");
    }
}

#[test]
fn the_published_inclusion_proofs_verify() {
    let published: [(u64, usize, &[&str]); 5] = [
        (0, 1, &[]),
        (0, 8, &[A, B, C]),
        (5, 8, &[D, E, ROOTS[4]]),
        (2, 3, &[ROOTS[2]]),
        (1, 5, &[ROOTS[1], B, D]),
    ];
    for (index, size, proof) in published {
        let leaf = leaf_hash(LEAVES[index as usize]);
        let verified = verify_inclusion(index, size as u64, &leaf, &hashes(proof), &hash(ROOTS[size]));
        assert_eq!(verified, Ok(()), "leaf {index} of {size}");
    }
}

#[test]
fn the_published_consistency_proofs_verify() {
    let published: [(usize, usize, &[&str]); 5] =
        [(1, 1, &[]), (1, 8, &[A, B, C]), (6, 8, &[F, E, ROOTS[4]]), (2, 5, &[B, D]), (0, 8, &[])];
    for (old, new, proof) in published {
        let (old_root, new_root) = (hash(ROOTS[old]), hash(ROOTS[new]));
        let verified = verify_consistency(old as u64, new as u64, &old_root, &new_root, &hashes(proof));
        assert_eq!(verified, Ok(()), "{old} to {new}");
    }
}

#[test]
fn a_proof_outside_the_tree_is_refused() {
    let root = hash(ROOTS[8]);
    let leaf = leaf_hash(LEAVES[7]);
    for (index, size) in [(8, 8), (0, 0), (u64::MAX, 8), (u64::MAX, u64::MAX)] {
        assert_eq!(verify_inclusion(index, size, &leaf, &[], &root), Err(ProofError::OutsideTree));
    }
    assert_eq!(verify_consistency(9, 8, &root, &root, &[]), Err(ProofError::OutsideTree));
}

#[test]
fn a_proof_that_is_needlessly_long_is_refused() {
    let root = hash(ROOTS[8]);
    assert_eq!(verify_consistency(8, 8, &root, &root, &[root]), Err(ProofError::Length));
    assert_eq!(verify_consistency(0, 8, &empty_root(), &root, &[root]), Err(ProofError::Length));
    assert_eq!(verify_inclusion(0, 1, &root, &[root], &root), Err(ProofError::Length));
}

#[test]
fn equal_sizes_with_different_roots_are_a_fork() {
    let (one, other) = (hash(ROOTS[8]), hash(ROOTS[7]));
    assert_eq!(verify_consistency(8, 8, &one, &other, &[]), Err(ProofError::OldRoot));
    assert_eq!(verify_consistency(0, 8, &one, &other, &[]), Err(ProofError::OldRoot));
    assert_eq!(verify_consistency(0, 0, &empty_root(), &one, &[]), Err(ProofError::Root));
}

#[test]
fn a_tree_goes_on_from_its_peaks() {
    for size in 0..8 {
        let stored = frontier(size);
        let mut restored = Frontier::from_peaks(size as u64, stored.peaks().to_vec()).unwrap();
        LEAVES[size..].iter().for_each(|leaf| restored.push(leaf_hash(leaf)));
        assert_eq!(restored.root(), hash(ROOTS[8]), "from size {size}");
    }
    assert_eq!(Frontier::from_peaks(7, frontier(8).peaks().to_vec()), None);
}

#[test]
fn a_tree_takes_complete_subtrees_where_they_begin() {
    let mut tree = Frontier::new();
    assert!(tree.push_subtree(2, hash(ROOTS[4])));
    LEAVES[4..6].iter().for_each(|leaf| tree.push(leaf_hash(leaf)));
    assert!(!tree.push_subtree(2, hash(ROOTS[4])), "a subtree of four begins at a multiple of four");
    LEAVES[6..].iter().for_each(|leaf| tree.push(leaf_hash(leaf)));
    assert_eq!(tree, frontier(8));
}

#[test]
fn a_subtree_has_the_root_that_the_tree_has() {
    let leaves: Vec<Hash> = LEAVES.iter().map(|leaf| leaf_hash(leaf)).collect();
    for size in [1, 2, 4, 8] {
        assert_eq!(subtree_root(&leaves[..size]), Some(hash(ROOTS[size])));
    }
    assert_eq!(subtree_root(&[]), None);
    assert_eq!(subtree_root(&leaves[..3]), None);
}

#[test]
fn a_long_entry_is_hashed_as_a_short_one_is() {
    for length in [126, 127, 128, 129, 65_535] {
        let entry = vec![7_u8; length];
        let expected = digest(&SHA256, &[&[0][..], &entry].concat());
        assert_eq!(leaf_hash(&entry).0, expected.as_ref(), "length {length}");
    }
}

#[test]
fn a_hash_is_read_back_from_its_text() {
    let hash = hash(ROOTS[5]);
    assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
    assert_eq!(Hash::parse(&to_base64(&[1; 31])), None);
    assert_eq!(Hash::parse(&to_base64(&[1; 33])), None);
}
