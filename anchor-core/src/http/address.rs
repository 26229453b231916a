//! Which addresses belong to the public internet (IANA's special-purpose registries).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// True for addresses that anybody on the internet could reach. When in doubt, false.
pub(super) fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

/// True for this machine itself.
pub(super) fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|mapped| mapped.is_loopback())
        }
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast();
    let reserved = matches!(
        address.octets(),
        [0 | 240..=255, ..] // this network; reserved
            | [100, 64..=127, ..] // carrier-grade NAT
            | [192, 0, 0, _] // protocol assignments
            | [192, 88, 99, _] // 6to4 relays
            | [198, 18 | 19, ..] // benchmarks
    );
    !(special || reserved)
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    // only 2000::/3 is given out; what embeds an IPv4 address (mapped, NAT64, 6to4, Teredo) lies outside or is excluded
    let excluded = matches!(
        address.segments(),
        [0x2001, 0..=0x01ff, ..] // protocol assignments, Teredo
            | [0x2001, 0x0db8, ..] // documentation
            | [0x2002, ..] // 6to4
            | [0x3fff, 0..=0x0fff, ..] // documentation
    );
    address.octets()[0] >> 5 == 0b001 && !excluded
}
