//! Who asks, as far as it can be believed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Once;

use actix_web::HttpRequest;

/// Who asks: the peer, or whom the outermost of our own proxies saw. What stands further left in the header was
/// written by the client itself.
pub(super) fn client(request: &HttpRequest, trusted_proxies: u8) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let Some(from_right) = usize::from(trusted_proxies).checked_sub(1) else { return peer };
    let headers = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let seen: Vec<&str> = headers.flat_map(|value| value.split(',')).map(str::trim).collect();
    let at = seen.len().checked_sub(1).and_then(|last| last.checked_sub(from_right));
    let written = at.and_then(|at| seen.get(at));
    let seen = written.and_then(|written| address(written));
    if let (Some(_), None) = (written, seen) {
        // not what it is: whoever sends it would write into our log
        static WARNED: Once = Once::new();
        WARNED.call_once(|| {
            tracing::warn!(
                %peer,
                "X-Forwarded-For has no address where TRUSTED_PROXIES looks for it: those who come through this proxy count as one client"
            );
        });
    }
    seen.unwrap_or(peer)
}

/// An address as proxies write it: by itself, in brackets, or with a port.
fn address(written: &str) -> Option<IpAddr> {
    let bare = || written.parse().ok();
    let with_port = || written.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || written.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    bare().or_else(with_port).or_else(bracketed)
}

/// One customer has a whole IPv6 /64.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn clients_behind_a_proxy_that_writes_ports_are_not_one_client() {
        for (written, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:4711", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("unknown", "198.51.100.1"),
            ("[192.0.2.7]", "198.51.100.1"),
            ("", "198.51.100.1"),
        ] {
            let request = TestRequest::default()
                .peer_addr("198.51.100.1:1".parse().unwrap())
                .insert_header(("x-forwarded-for", format!("203.0.113.9, {written}")))
                .to_http_request();
            assert_eq!(client(&request, 1), expected.parse::<IpAddr>().unwrap(), "{written}");
        }
    }
}
