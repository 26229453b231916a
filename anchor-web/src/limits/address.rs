//! Who asks, as far as it can be believed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::HttpRequest;

/// Who asks: the peer, or whom the outermost of our own proxies saw. What stands further left in the header was
/// written by the client itself.
pub(super) fn client(request: &HttpRequest, trusted_proxies: u8) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let Some(from_right) = usize::from(trusted_proxies).checked_sub(1) else { return peer };
    let headers = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let seen: Vec<&str> = headers.flat_map(|value| value.split(',')).map(str::trim).collect();
    let at = seen.len().checked_sub(1).and_then(|last| last.checked_sub(from_right));
    at.and_then(|at| seen.get(at)?.parse().ok()).unwrap_or(peer)
}

/// One customer has a whole IPv6 /64.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}
