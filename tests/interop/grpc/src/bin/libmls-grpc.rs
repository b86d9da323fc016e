//! libmls as a client of the MLS working group's harness: `libmls-grpc [--host ADDRESS] [--port PORT]`.
//!
//! It says on standard output where it listens; port 0 is any that is free.

use harness::server::Service;
use std::{io::Write, net::IpAddr};
use tonic::transport::{Server, server::TcpIncoming};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut host, mut port) = (IpAddr::from([127, 0, 0, 1]), 50001);
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{option} needs a value"))?;
        match option.trim_start_matches('-') {
            "host" => host = value.parse()?,
            "port" => port = value.parse()?,
            _ => return Err(format!("no such option: {option}").into()),
        }
    }
    tokio::runtime::Runtime::new()?.block_on(async {
        let incoming = TcpIncoming::bind((host, port).into())?;
        println!("{}", incoming.local_addr()?);
        std::io::stdout().flush()?;
        Ok(Server::builder().add_service(Service::default()).serve_with_incoming(incoming).await?)
    })
}
