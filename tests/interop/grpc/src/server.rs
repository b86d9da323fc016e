//! The service over HTTP/2: which call is whose.

use crate::{
    client::Harness,
    wire::{Rpc, every_rpc, rpc},
};
use prost::Message;
use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tonic::{
    Request, Response, Status,
    body::Body,
    server::{Grpc, NamedService, UnaryService},
};
use tonic_prost::ProstCodec;

/// What answers one call.
struct Answer<F>(F);

impl<Q, R, F> UnaryService<Q> for Answer<F>
where
    R: Message + Default + 'static,
    F: FnMut(Q) -> Result<R, Status>,
{
    type Response = R;
    type Future = Ready<Result<Response<R>, Status>>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        ready((self.0)(request.into_inner()).map(Response::new))
    }
}

async fn unary<C: Rpc>(
    request: http::Request<Body>,
    answer: impl FnMut(C::Request) -> Result<C::Response, Status>,
) -> http::Response<Body> {
    let mut grpc = Grpc::new(ProstCodec::<C::Response, C::Request>::default())
        .max_decoding_message_size(64 << 20)
        .max_encoding_message_size(64 << 20);
    grpc.unary(Answer(answer), request).await
}

/// The service `mls_client.MLSClient`.
#[derive(Clone, Default)]
pub struct Service(Arc<Harness>);

impl NamedService for Service {
    const NAME: &'static str = "mls_client.MLSClient";
}

impl tower_service::Service<http::Request<Body>> for Service {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let harness = self.0.clone();
        macro_rules! dispatch {
            ($($name:ident $method:ident $request:ident $response:ident)*) => {
                match request.uri().path() {
                    $(rpc::$name::PATH => Box::pin(async move {
                        Ok(unary::<rpc::$name>(request, |asked| harness.$method(asked)).await)
                    }),)*
                    path => {
                        let unknown = Status::unimplemented(path).into_http();
                        Box::pin(ready(Ok(unknown)))
                    }
                }
            };
        }
        every_rpc!(dispatch)
    }
}
