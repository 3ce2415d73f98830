//! Name resolution for outgoing calls: the place where an inward address is refused for good.

use std::{io, net::SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::Inward;

/// Looks names up and hands the connection only those addresses that may be connected to. Because the connection is
/// made to these very addresses, a name that answers differently the next moment (DNS rebinding) gains nothing.
pub(super) struct OutwardResolver {
    pub(super) inward: Inward,
    pub(super) lookup: Lookup,
}

/// Where addresses come from.
#[derive(Clone)]
pub(super) enum Lookup {
    /// The machine's resolver.
    System,
    /// The same addresses for every name.
    #[cfg(test)]
    Fixed(Vec<SocketAddr>),
}

/// Why a name gave no address to connect to. Found again among the sources of the client's error.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("the receiver's host name could not be resolved")]
    NotFound,
    #[error("the receiver's host name does not lead to a public address: {0}")]
    Inward(&'static str),
}

impl Resolve for OutwardResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (inward, lookup) = (self.inward, self.lookup.clone());
        Box::pin(async move {
            let found = lookup.run(&name).await.map_err(|_| Unresolved::NotFound)?;
            let outward: Vec<SocketAddr> = found
                .iter()
                .copied()
                .filter(|address| inward.refuses(address.ip()).is_none())
                .collect();
            if outward.is_empty() {
                let reason = found.iter().find_map(|address| inward.refuses(address.ip()));
                return Err(reason.map_or(Unresolved::NotFound, Unresolved::Inward).into());
            }
            Ok(Box::new(outward.into_iter()) as Addrs)
        })
    }
}

impl Lookup {
    async fn run(&self, name: &Name) -> io::Result<Vec<SocketAddr>> {
        match self {
            // Port 0 lets the connection take the URL's.
            Self::System => Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()),
            #[cfg(test)]
            Self::Fixed(addresses) => Ok(addresses.clone()),
        }
    }
}
