//! A portal that always answers the same, and a reverse proxy that does nothing else.

use std::convert::Infallible;
use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

async fn listen() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let origin = format!("http://{}", listener.local_addr()?);
    Ok((listener, origin))
}

fn tell(webhook: &str) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{webhook}")?;
    Ok(out.flush()?)
}

/// What the answer to a list of so many deals looks like.
fn deals(count: u32) -> Bytes {
    let rows: Vec<String> = (1..=count)
        .map(|id| {
            format!(
                "{{\"ID\":\"{id}\",\"TITLE\":\"\\u0421\\u0434\\u0435\\u043b\\u043a\\u0430 {id}\",\"STAGE_ID\":\"NEW\",\
                 \"OPPORTUNITY\":\"1000.00\",\"DATE_CREATE\":\"2026-11-20T13:40:00+03:00\",\"COMPANY_ID\":\"17\"}}"
            )
        })
        .collect();
    let time = "{\"start\":1795897215,\"finish\":1795897215.9,\"duration\":0.9,\"processing\":0,\
         \"operating_reset_at\":1795897815,\"operating\":0.25}";
    let rows = rows.join(",");
    format!("{{\"result\":[{rows}],\"next\":50,\"total\":5000,\"time\":{time}}}").into()
}

/// The portal.
pub fn portal() -> Result<()> {
    block_on(async {
        let (listener, origin) = listen().await?;
        tell(&format!("{origin}/rest/1/benchsecret0000/"))?;
        let answers = Arc::new([deals(0), deals(50), deals(2_500)]);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let answers = Arc::clone(&answers);
            let service = service_fn(move |request: Request<Incoming>| {
                let answers = Arc::clone(&answers);
                async move {
                    let path = request.uri().path().to_owned();
                    request.into_body().collect().await?;
                    let which = match path.rsplit('/').next() {
                        Some("crm.deal.list") => 1,
                        Some("crm.deal.list.big") => 2,
                        _ => 0,
                    };
                    let mut response = Response::new(Full::new(answers[which].clone()));
                    let json = "application/json; charset=utf-8".parse();
                    if let Ok(json) = json {
                        response.headers_mut().insert(CONTENT_TYPE, json);
                    }
                    Ok::<_, hyper::Error>(response)
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    })
}

/// The reverse proxy: connections kept, bodies passed on as they come.
pub fn plain(upstream: &str) -> Result<()> {
    let rest = upstream.strip_prefix("http://").context("an address")?;
    let (host, path) = rest.split_once('/').context("a path")?;
    let host = host.to_owned();
    block_on(async move {
        let (listener, origin) = listen().await?;
        tell(&format!("{origin}/{path}"))?;
        let client = Client::builder(TokioExecutor::new()).build_http::<Incoming>();
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (client, host) = (client.clone(), host.clone());
            let service = service_fn(move |mut request: Request<Incoming>| {
                let (client, host) = (client.clone(), host.clone());
                async move {
                    let path = request
                        .uri()
                        .path_and_query()
                        .map_or("/", |path| path.as_str());
                    let uri: Result<Uri, _> = format!("http://{host}{path}").parse();
                    request.headers_mut().remove(HOST);
                    let sent = match uri {
                        Ok(uri) => {
                            *request.uri_mut() = uri;
                            client.request(request).await.ok()
                        }
                        Err(_) => None,
                    };
                    Ok::<_, Infallible>(match sent {
                        Some(response) => response.map(BodyExt::boxed),
                        None => Response::new(
                            Full::new(Bytes::new())
                                .map_err(|never| match never {})
                                .boxed(),
                        ),
                    })
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    })
}
