//! Reading a log as it is published (C2SP tlog-tiles).

use std::time::Duration;

use bytes::Bytes;
use kw_domain::Oin;
use kw_protocol::problem::ProblemCode;
use kw_transport::Tls;
use reqwest::Method;

use crate::http::{Bound, Service, read};
use crate::{ClientError, Context, Retry};

/// One party's log. Cheap to clone; keep it: its connections are reused. What it answers is to be verified, with `kw-ledger`.
#[derive(Debug, Clone)]
pub struct TileClient {
    service: Service,
}

impl TileClient {
    /// A client of the log that this party serves below `prefix`.
    pub fn new(tls: &Tls, party: Oin, prefix: &str, context: Context) -> Result<Self, ClientError> {
        Ok(Self { service: Service::new(tls, party, prefix, context, TIMEOUT)? })
    }

    /// What lies at a path below the log's prefix (`checkpoint`, `tile/0/000`), of at most `bound` bytes; `None` when there is
    /// nothing. Repeated when it failed.
    pub async fn fetch(&self, path: &str, bound: usize) -> Result<Option<Bytes>, ClientError> {
        let context = self.service.context();
        let once = || async {
            let path: Vec<&str> = path.split('/').collect();
            let request = self.service.request(Method::GET, &path);
            let response = self.service.send(request, context.transaction()).await?;
            read(response, Bound(bound)).await
        };
        match Retry::default().run(context.entropy(), once).await {
            Ok(body) => Ok(Some(body)),
            Err(error) if error.code() == Some(ProblemCode::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A tile is some thousand bytes, read by their key.
const TIMEOUT: Duration = Duration::from_secs(10);
