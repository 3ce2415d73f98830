//! Which addresses lead inward: to this machine, its network, or the cloud's own services.
//!
//! Webhook URLs are written by people who should not, through us, reach what only we can (server-side request forgery:
//! a cloud's metadata service hands out credentials). The check is of addresses, not of names, because whoever owns a
//! name decides what it resolves to, and may decide differently a second later; [`check_url`] only saves the look-up
//! where the URL already tells. The sender applies [`Inward::refuses`] to the very address it connects to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Which inward addresses a sender may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inward {
    /// None: the setting of every deployment.
    Refuse,
    /// Those of this machine, and no other: the local home's switch for trying webhooks out.
    AllowLoopback,
}

/// Why a URL is no address for an outgoing call. Safe to show; nothing of the URL is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefused {
    /// Neither `http` nor `https`.
    #[error("the URL must begin with https:// or http://")]
    Scheme,
    /// `https://user:password@…`: it would be stored and shown in clear.
    #[error("the URL must not contain a user name or password")]
    Credentials,
    /// There is nothing to connect to.
    #[error("the URL must name a host")]
    NoHost,
    /// A name that by convention means this machine or this network.
    #[error("the URL's host is a name of this machine or its network")]
    InwardName,
    /// A literal address that leads inward; the reason as [`is_inward`] gives it.
    #[error("the URL's host is not a public address: {0}")]
    InwardAddress(&'static str),
}

/// Whether `url` may be called, as far as can be told without looking its host up.
///
/// Plain `http` is allowed: bodies are signed, and some receivers have nothing else. Addresses are compared as the URL
/// standard reads them, so `http://2130706433/` and `http://0x7f.1/` are 127.0.0.1 here as they are to a connection.
pub fn check_url(url: &Url, inward: Inward) -> Result<(), UrlRefused> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlRefused::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlRefused::Credentials);
    }
    match url.host() {
        None => Err(UrlRefused::NoHost),
        Some(Host::Ipv4(ip)) => inward.check(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => inward.check(IpAddr::V6(ip)),
        Some(Host::Domain(name)) => inward.check_name(name),
    }
}

impl Inward {
    /// Why `ip` may not be connected to; `None` if it may.
    pub fn refuses(self, ip: IpAddr) -> Option<&'static str> {
        let reason = is_inward(ip)?;
        let allowed = self == Self::AllowLoopback && ip.to_canonical().is_loopback();
        (!allowed).then_some(reason)
    }

    fn check(self, ip: IpAddr) -> Result<(), UrlRefused> {
        self.refuses(ip)
            .map_or(Ok(()), |reason| Err(UrlRefused::InwardAddress(reason)))
    }

    /// `localhost` (RFC 6761) and `internal` (reserved by ICANN for private use; the clouds' metadata names are in it).
    fn check_name(self, name: &str) -> Result<(), UrlRefused> {
        // The URL parser has already lowered the case. A final dot only says that the name is complete.
        let name = name.strip_suffix('.').unwrap_or(name);
        match name.rsplit('.').next() {
            None | Some("") => Err(UrlRefused::NoHost),
            Some("localhost") if self == Self::AllowLoopback => Ok(()),
            Some("localhost" | "internal") => Err(UrlRefused::InwardName),
            Some(_) => Ok(()),
        }
    }
}

/// What kind of inward address `ip` is; `None` for a public one. The reason completes "not a public address: …".
///
/// From the IANA special-purpose address registries (RFC 6890 and its successors). An IPv6 address that carries an
/// IPv4 one is judged by it where a network may translate it (mapped, NAT64), and refused where the mechanism is dead
/// (compatible, 6to4, Teredo). Of IPv6 all is refused that IANA has not given out as global unicast (`2000::/3`).
pub fn is_inward(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => is_inward_v4(ip),
        IpAddr::V6(ip) => is_inward_v6(ip),
    }
}

fn is_inward_v4(ip: Ipv4Addr) -> Option<&'static str> {
    Some(match ip.octets() {
        // The metadata services of AWS and most others, of Azure's host and of Alibaba.
        [169, 254, 169, 254] | [168, 63, 129, 16] | [100, 100, 100, 200] => "a cloud's metadata service",
        [0, ..] => "this network",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "a private network",
        [100, 64..=127, ..] => "a carrier's private network",
        [127, ..] => "this machine",
        [169, 254, ..] => "link-local",
        [192, 0, 0, _] => "reserved for protocols",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "reserved for documentation",
        [192, 88, 99, _] => "a 6to4 relay",
        [198, 18..=19, ..] => "reserved for benchmarks",
        [224..=239, ..] => "multicast",
        [255, 255, 255, 255] => "broadcast",
        [240..=255, ..] => "reserved",
        _ => return None,
    })
}

fn is_inward_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let low_32_bits = || {
        let [.., a, b, c, d] = ip.octets();
        is_inward_v4(Ipv4Addr::new(a, b, c, d))
    };
    Some(match ip.segments() {
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => "a cloud's metadata service",
        [0, 0, 0, 0, 0, 0, 0, 0] => "this network",
        [0, 0, 0, 0, 0, 0, 0, 1] => "this machine",
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => return low_32_bits(),
        [0, 0, 0, 0, 0, 0, ..] => "an IPv4-compatible address",
        [0x64, 0xff9b, 1, ..] => "a private network",
        [0xfc00..=0xfdff, ..] => "a private network",
        [0xfe80..=0xfebf, ..] => "link-local",
        [0xfec0..=0xfeff, ..] => "site-local",
        [0xff00..=0xffff, ..] => "multicast",
        [0x2001, 0, ..] => "a Teredo tunnel",
        [0x2001, 0x2, 0, ..] => "reserved for benchmarks",
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => "reserved for documentation",
        [0x2001, 0..=0x1ff, ..] => "reserved for protocols",
        [0x2002, ..] => "a 6to4 tunnel",
        [0x2000..=0x3fff, ..] => return None,
        _ => "not given out",
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn inward_addresses() {
        let table = [
            ("0.0.0.0", "this network"),
            ("0.255.255.255", "this network"),
            ("10.0.0.0", "a private network"),
            ("10.255.255.255", "a private network"),
            ("100.64.0.0", "a carrier's private network"),
            ("100.100.100.200", "a cloud's metadata service"),
            ("100.127.255.255", "a carrier's private network"),
            ("127.0.0.1", "this machine"),
            ("127.255.255.254", "this machine"),
            ("168.63.129.16", "a cloud's metadata service"),
            ("169.254.0.1", "link-local"),
            ("169.254.169.254", "a cloud's metadata service"),
            ("172.16.0.0", "a private network"),
            ("172.31.255.255", "a private network"),
            ("192.0.0.170", "reserved for protocols"),
            ("192.0.2.1", "reserved for documentation"),
            ("192.88.99.1", "a 6to4 relay"),
            ("192.168.1.1", "a private network"),
            ("198.18.0.1", "reserved for benchmarks"),
            ("198.19.255.255", "reserved for benchmarks"),
            ("198.51.100.7", "reserved for documentation"),
            ("203.0.113.9", "reserved for documentation"),
            ("224.0.0.1", "multicast"),
            ("239.255.255.255", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "broadcast"),
            ("::", "this network"),
            ("::1", "this machine"),
            ("::2", "an IPv4-compatible address"),
            ("::127.0.0.1", "an IPv4-compatible address"),
            ("::8.8.8.8", "an IPv4-compatible address"),
            ("::ffff:127.0.0.1", "this machine"),
            ("::ffff:10.0.0.1", "a private network"),
            ("::ffff:169.254.169.254", "a cloud's metadata service"),
            ("::ffff:0:127.0.0.1", "not given out"),
            ("64:ff9b::10.0.0.1", "a private network"),
            ("64:ff9b::127.0.0.1", "this machine"),
            ("64:ff9b::a9fe:a9fe", "a cloud's metadata service"),
            ("64:ff9b:0:1::8.8.8.8", "not given out"),
            ("64:ff9b:1::8.8.8.8", "a private network"),
            ("64:ff9b:1:ffff::1", "a private network"),
            ("100::1", "not given out"),
            ("1fff::1", "not given out"),
            ("2001::1", "a Teredo tunnel"),
            ("2001:0:ffff::1", "a Teredo tunnel"),
            ("2001:2::1", "reserved for benchmarks"),
            ("2001:10::1", "reserved for protocols"),
            ("2001:20::1", "reserved for protocols"),
            ("2001:db8::1", "reserved for documentation"),
            ("2002:7f00:1::", "a 6to4 tunnel"),
            ("2002:808:808::1", "a 6to4 tunnel"),
            ("3fff::1", "reserved for documentation"),
            ("4000::1", "not given out"),
            ("5f00::1", "not given out"),
            ("fc00::1", "a private network"),
            ("fd00:ec2::254", "a cloud's metadata service"),
            ("fdff:ffff::1", "a private network"),
            ("fe80::1", "link-local"),
            ("febf::1", "link-local"),
            ("fec0::1", "site-local"),
            ("ff02::1", "multicast"),
        ];
        for (ip, reason) in table {
            assert_eq!(is_inward(ip.parse().unwrap()), Some(reason), "{ip}");
        }
    }

    #[test]
    fn public_addresses() {
        let table = [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2600:1f00::1",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ];
        for ip in table {
            assert_eq!(is_inward(ip.parse().unwrap()), None, "{ip}");
        }
    }

    #[test]
    fn the_local_switch_allows_this_machine_only() {
        let allowed = |ip: &str| Inward::AllowLoopback.refuses(ip.parse().unwrap()).is_none();
        for ip in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "8.8.8.8"] {
            assert!(allowed(ip), "{ip}");
        }
        for ip in [
            "0.0.0.0",
            "10.0.0.1",
            "169.254.169.254",
            "::",
            "fe80::1",
            "::ffff:10.0.0.1",
            "64:ff9b::127.0.0.1",
        ] {
            assert!(!allowed(ip), "{ip}");
        }
        assert!(Inward::Refuse.refuses("127.0.0.1".parse().unwrap()).is_some());
    }

    #[test]
    fn urls() {
        let check = |url: &str| check_url(&Url::parse(url).unwrap(), Inward::Refuse);
        for url in [
            "https://hooks.example.com/a?b#c",
            "http://example.com:8080/",
            "https://8.8.8.8/",
            "https://[2a00:1450::1]/",
            "https://localhost.example.com/",
            "https://internal.example.com/",
            "https://münchen.example/",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
        for url in [
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "mailto:a@example.com",
        ] {
            assert_eq!(check(url), Err(UrlRefused::Scheme), "{url}");
        }
        for url in [
            "https://a@example.com/",
            "https://a:b@example.com/",
            "https://:b@example.com/",
        ] {
            assert_eq!(check(url), Err(UrlRefused::Credentials), "{url}");
        }
        for url in [
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://metadata.google.internal/computeMetadata/v1/",
            "http://ip-10-0-0-1.eu-west-1.compute.internal/",
            "http://internal/",
            // Full-width letters, which the URL standard folds.
            "http://ｌｏｃａｌｈｏｓｔ/",
        ] {
            assert_eq!(check(url), Err(UrlRefused::InwardName), "{url}");
        }
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1./",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://①②⑦.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
        ] {
            assert_eq!(check(url), Err(UrlRefused::InwardAddress("this machine")), "{url}");
            assert_eq!(
                check_url(&Url::parse(url).unwrap(), Inward::AllowLoopback),
                Ok(()),
                "{url}"
            );
        }
        assert_eq!(
            check("http://169.254.169.254/latest/meta-data/"),
            Err(UrlRefused::InwardAddress("a cloud's metadata service"))
        );
        let local = |url: &str| check_url(&Url::parse(url).unwrap(), Inward::AllowLoopback);
        assert_eq!(local("http://localhost:3000/"), Ok(()));
        assert_eq!(local("http://metadata.google.internal/"), Err(UrlRefused::InwardName));
        assert!(local("http://192.168.0.1/").is_err());
    }

    proptest! {
        #[test]
        fn an_ipv4_address_is_judged_the_same_in_its_ipv6_clothes(bits: u32) {
            let ip = Ipv4Addr::from_bits(bits);
            prop_assert_eq!(is_inward(ip.into()), is_inward(ip.to_ipv6_mapped().into()));
        }

        #[test]
        fn nothing_outside_global_unicast_is_public(bits: u128) {
            let ip = Ipv6Addr::from_bits(bits);
            let translated = ip.to_ipv4_mapped().is_some() || ip.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
            prop_assume!(!translated && bits >> 125 != 1);
            prop_assert!(is_inward(ip.into()).is_some());
        }

        #[test]
        fn what_the_standard_library_knows_to_be_local_is_inward(bits: u32) {
            let ip = Ipv4Addr::from_bits(bits);
            let local = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_broadcast()
                || ip.is_documentation() || ip.is_multicast() || ip.is_unspecified();
            prop_assert!(!local || is_inward(ip.into()).is_some());
        }
    }
}
