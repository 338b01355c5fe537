//! A flood of events of all kinds that come often, for programs that look at what a dashboard makes of them.

use pacwatch::core::event::{EventKind, LinkPass, PackageId, PackageSeen, Why};

/// What makes a package of the flood known.
pub fn package(id: u32) -> EventKind {
    EventKind::PackageSeen(Box::new(PackageSeen {
        package: PackageId(id),
        name: format!("package-{id}"),
        version: "1.0.0".into(),
        dep_path: format!("package-{id}@1.0.0"),
        why: Why::Transitive,
        optional: false,
        size: None,
    }))
}

/// An event of the flood about one of so many packages; the next number is another kind of event.
pub fn event(number: u64, packages: u32) -> EventKind {
    let id = u32::try_from(number / 5 % u64::from(packages)).unwrap();
    let (package, lane) = (PackageId(id), u16::try_from(id % 16).unwrap());
    match number % 5 {
        0 => {
            EventKind::FetchStarted { package, attempt: 1, lane, size: None, host: Some("127.0.0.1".into()) }
        }
        1 => EventKind::FetchProgress { package, bytes: number, size: Some(number * 2) },
        2 => EventKind::LinkStarted { package, lane: lane % 2, pass: LinkPass::Cold },
        3 => EventKind::NetworkSample { received: number, in_flight: 16, waiting: 9, permits: 16 },
        _ => EventKind::Warning { code: None, message: format!("warning {number}"), package: Some(package) },
    }
}
