//! An application on its listeners.

use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use kw_runtime::serve::ServeError;
use kw_runtime::{Server, ServerSettings, SharedAgreement};
use kw_transport::Tls;

use crate::Shell;

const SWEEP: Duration = Duration::from_secs(30);

impl<D: Default + Send + 'static> Shell<D> {
    /// The server of an application, ready to run. It listens at `[server] listen`: HTTPS with a certificate, and without one
    /// plain HTTP, on this machine only.
    pub fn open(
        shell: &Data<Self>,
        settings: ServerSettings,
        agreement: &SharedAgreement,
        tls: Option<&Tls>,
        own: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Result<Server, ServeError> {
        let address = settings.listen;
        let settings = ServerSettings { public: tls.map(|_| address), ..settings };
        let routed = shell.clone();
        let routes = move |config: &mut ServiceConfig| Self::routes(&routed, config, own.clone());
        let server = Server::new(settings, shell.http.clone())?.agreement(agreement);
        let server = match tls {
            Some(tls) => server.tls(tls).public(tls, routes)?,
            None => server.local("pages", address, routes)?,
        };
        Ok(Self::swept(shell, server))
    }

    /// The same, for an application that demands certificates of browsers: over HTTPS, and no handshake ends without one of
    /// `people`'s trust anchors.
    pub fn open_to_certificates(
        shell: &Data<Self>,
        settings: ServerSettings,
        agreement: &SharedAgreement,
        people: &Tls,
        own: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Result<Server, ServeError> {
        let routed = shell.clone();
        let routes = move |config: &mut ServiceConfig| Self::routes(&routed, config, own.clone());
        let server = Server::new(settings, shell.http.clone())?.agreement(agreement).tls(people);
        Ok(Self::swept(shell, server.pages(people, routes)?))
    }

    fn swept(shell: &Data<Self>, server: Server) -> Server {
        let swept = shell.clone();
        server.jobs().spawn("sweep", SWEEP, move || {
            let swept = swept.clone();
            async move {
                swept.sweep();
                Ok::<_, &'static str>(())
            }
        });
        server
    }
}
