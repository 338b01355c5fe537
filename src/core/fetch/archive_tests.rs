use std::io::Write as _;

use flate2::bufread::GzDecoder;

use super::*;

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        // Written directly, as the crate refuses to write hostile paths.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    gzip(&builder.into_inner().unwrap())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn contents(archive: &Archive<'_>) -> Vec<(String, Vec<u8>)> {
    let mut contents = Vec::new();
    archive
        .read(|entry, content| -> Result<(), ArchiveError> {
            let mut bytes = Vec::new();
            match content {
                Content::Whole(whole) => bytes.extend_from_slice(whole),
                Content::Stream(reader) => {
                    reader.read_to_end(&mut bytes).unwrap();
                }
            }
            contents.push((entry.path.clone(), bytes));
            Ok(())
        })
        .unwrap();
    contents
}

#[test]
fn the_first_component_goes_and_the_last_of_two_equal_paths_stays() {
    let compressed = archive(&[
        ("package/a", b"first"),
        ("other/dir\\b", b"b"),
        ("x/./a", b"last"),
        ("package/README", b"1"),
        ("package/readme", b"2"),
    ]);
    let archive = Archive::open(&compressed, 1 << 20).unwrap();
    let expected = [("dir/b", "b"), ("a", "last"), ("README", "1"), ("readme", "2")]
        .map(|(path, content)| (path.to_owned(), content.as_bytes().to_vec()));
    assert_eq!(contents(&archive), expected);
}

#[test]
fn a_path_that_leaves_the_package_refuses_the_archive() {
    for path in ["/etc/passwd", "package/../../x", "..", "package", "package/", "a\\..\\..\\b", "./package"] {
        let compressed = archive(&[("package/good", b"x"), (path, b"x")]);
        let refused = Archive::open(&compressed, 1 << 20).err();
        assert!(matches!(refused, Some(ArchiveError::PathTraversal(_))), "{path}: {refused:?}");
    }
}

#[test]
fn a_bomb_is_refused_at_the_limit_whether_it_would_be_held_or_streamed() {
    let zeros = vec![0; 1 << 20];
    let small = archive(&[("package/zeros", &zeros)]);
    assert!(matches!(Archive::open(&small, 1 << 19), Err(ArchiveError::TooLarge { limit: 524_288 })));
    let large = archive(&[("package/zeros", &vec![0; 40 << 20])]);
    assert!(matches!(Archive::open(&large, 30 << 20), Err(ArchiveError::TooLarge { .. })));
}

#[test]
fn an_archive_too_large_to_hold_reads_the_same_in_a_second_pass() {
    let big: Vec<u8> = (0..9u32 << 20).flat_map(|index| [index.to_le_bytes()[0]]).collect();
    let compressed = archive(&[
        ("p/small", b"s"),
        ("p/big1", &big),
        ("p/small", b"t"),
        ("p/big2", &big),
        ("p/big3", &big),
    ]);
    let archive = Archive::open(&compressed, 1 << 30).unwrap();
    assert!(archive.inflated.is_none());
    let contents = contents(&archive);
    assert_eq!(
        contents.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
        ["big1", "small", "big2", "big3"]
    );
    assert_eq!(contents[1].1, b"t");
    assert!(contents[0].1 == big && contents[2].1 == big);
}

#[test]
fn one_large_archive_is_held_and_another_beside_it_reads_the_same() {
    let big: Vec<u8> = (0..10u32 << 20).flat_map(|index| [index.to_le_bytes()[0]]).collect();
    let compressed = archive(&[("p/big", &big), ("p/small", b"s")]);
    let both = [Archive::open(&compressed, 1 << 30).unwrap(), Archive::open(&compressed, 1 << 30).unwrap()];
    // Another test may hold one meanwhile.
    assert!(both.iter().filter(|archive| archive.inflated.is_some()).count() <= 1);
    for archive in both {
        assert!(contents(&archive) == [("big".to_owned(), big.clone()), ("small".to_owned(), b"s".to_vec())]);
    }
}

#[test]
fn an_archive_that_is_not_compressed_is_read_too() {
    let compressed = archive(&[("package/a", b"content")]);
    let mut plain = Vec::new();
    GzDecoder::new(&compressed[..]).read_to_end(&mut plain).unwrap();
    let opened = Archive::open(&plain, 1 << 20).unwrap();
    assert_eq!(contents(&opened), [("a".to_owned(), b"content".to_vec())]);
    assert!(matches!(Archive::open(&plain, 100), Err(ArchiveError::TooLarge { limit: 100 })));
}

#[test]
fn later_members_are_read_and_trailing_garbage_is_ignored() {
    let whole = {
        let compressed = archive(&[("package/a", b"content")]);
        let mut inflated = Vec::new();
        GzDecoder::new(&compressed[..]).read_to_end(&mut inflated).unwrap();
        inflated
    };
    let (first, second) = whole.split_at(600);
    let mut compressed = gzip(first);
    compressed.extend(gzip(second));
    compressed.extend(b"garbage");
    assert_eq!(contents(&Archive::open(&compressed, 1 << 20).unwrap())[0].1, b"content");
}

#[test]
fn what_is_cut_short_or_no_archive_is_refused() {
    let compressed = archive(&[("package/a", &[7; 5000])]);
    assert!(matches!(
        Archive::open(&compressed[..compressed.len() / 2], 1 << 20),
        Err(ArchiveError::Gzip(_))
    ));
    assert!(matches!(Archive::open(b"not gzip", 1 << 20), Err(ArchiveError::Unrecognized)));
    assert!(matches!(Archive::open(b"", 1 << 20), Err(ArchiveError::Unrecognized)));
    assert!(Archive::open(&gzip(&[0xff; 2000]), 1 << 20).is_err());
}
