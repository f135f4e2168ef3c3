//! Faults as a client sees them.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openai_test_server::{
    Api, ContentCategory, ContentFilterSpelling, Fault, RetryAfter, TestServer,
};
use reqwest::Response;
use serde_json::{Value, json};
use support::{EMBEDDINGS, answer, asking, chat, embed, path, post, send};
use tokio::time::timeout;

const SMALL: &str = "text-embedding-3-small";

fn request(server: &TestServer, input: &Value) -> reqwest::RequestBuilder {
    let body = json!({"input": input, "dimensions": 4, "encoding_format": "base64"});
    post(server, Api::AzureClassic, &path(Api::AzureClassic, EMBEDDINGS, SMALL)).json(&body)
}

async fn response(server: &TestServer, fault: Fault) -> Response {
    server.script([fault]);
    request(server, &json!(["a", "b"])).send().await.unwrap()
}

async fn reply(server: &TestServer, fault: Fault, format: &str) -> Value {
    server.script([fault]);
    let body = json!({"input": ["a", "b"], "dimensions": 4, "encoding_format": format});
    let (status, reply) = embed(server, Api::OpenAi, SMALL, body).await;
    assert_eq!(status, 200);
    reply
}

/// Sends a request over a bare socket and reads until the connection ends.
fn read_bare(server: &TestServer) -> (String, Option<ErrorKind>) {
    let address = server.url().strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let body = "{\"input\":\"a\",\"dimensions\":4}";
    write!(
        socket,
        "POST {} HTTP/1.1\r\nHost: x\r\napi-key: test-key\r\nContent-Length: {}\r\n\r\n{body}",
        path(Api::AzureClassic, EMBEDDINGS, SMALL),
        body.len()
    )
    .unwrap();
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        match socket.read(&mut buffer) {
            Ok(0) => break None,
            Ok(length) => received.extend_from_slice(&buffer[..length]),
            Err(error) => break Some(error.kind()),
        }
    };
    (String::from_utf8(received).unwrap(), end)
}

#[tokio::test]
async fn a_script_gives_one_fault_each_and_always_gives_all() {
    let server = TestServer::start().await;
    let status = async || request(&server, &json!("a")).send().await.unwrap().status().as_u16();
    server.script([Fault::status(503), Fault::Nothing, Fault::status(408)]);
    assert_eq!(
        [status().await, status().await, status().await, status().await],
        [503, 200, 408, 200]
    );
    server.always(Fault::status(500));
    server.script([Fault::status(409)]);
    assert_eq!([status().await, status().await, status().await], [409, 500, 500]);
    server.script([Fault::status(409)]);
    server.behave();
    assert_eq!(status().await, 200);
}

#[tokio::test]
async fn a_429_says_in_many_ways_when_to_come_back() {
    let server = TestServer::start().await;
    let header = |response: &Response, name: &str| {
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let cases = [
        (RetryAfter::Seconds(300), Some("300"), None),
        (RetryAfter::Millis(1500), Some("2"), Some("1500")),
        (RetryAfter::Float(0.5), Some("0.5"), None),
        (RetryAfter::Unsaid, None, None),
    ];
    for (retry, seconds, millis) in cases {
        for (fault, code) in [
            (Fault::rate_limited(retry), json!("429")),
            (Fault::rate_limited_integer_code(retry), json!(429)),
        ] {
            let response = response(&server, fault).await;
            assert_eq!(header(&response, "retry-after").as_deref(), seconds);
            assert_eq!(header(&response, "retry-after-ms").as_deref(), millis);
            let (status, reply) = answer(response).await;
            assert_eq!((status, &reply["error"]["code"]), (429, &code));
        }
    }
    let date = RetryAfter::Date(Duration::from_secs(60));
    let date = header(&response(&server, Fault::rate_limited(date)).await, "retry-after").unwrap();
    let wait = httpdate::parse_http_date(&date).unwrap().duration_since(SystemTime::now()).unwrap();
    assert!(wait > Duration::from_secs(50) && wait <= Duration::from_secs(60), "{wait:?}");
}

#[tokio::test]
async fn errors_have_each_documented_shape() {
    let server = TestServer::start().await;
    let error = async |fault: Fault| answer(response(&server, fault).await).await;
    for status in [401, 403, 408, 409, 429, 500, 502, 503] {
        let (got, reply) = error(Fault::status(status)).await;
        assert_eq!(
            (got, reply["error"]["code"].as_str()),
            (status, Some(status.to_string().as_str()))
        );
    }
    let (status, reply) = error(Fault::null_code(500, "oh")).await;
    let expected = json!({"message": "oh", "type": "server_error", "param": null, "code": null});
    assert_eq!((status, &reply["error"]), (500, &expected));
    let (status, reply) = error(Fault::unauthorized_unwrapped()).await;
    assert_eq!((status, &reply["statusCode"]), (401, &json!(401)));
    assert!(reply.get("error").is_none() && reply["message"].is_string());
    let (status, reply) = error(Fault::deployment_not_found()).await;
    assert_eq!((status, &reply["error"]["code"]), (404, &json!("DeploymentNotFound")));
    let (status, reply) = error(Fault::operation_not_supported()).await;
    assert_eq!((status, &reply["error"]["code"]), (400, &json!("OperationNotSupported")));
    for (fault, words) in [
        (Fault::context_length(9000), "8192 tokens, however you requested 9000 tokens"),
        (Fault::dimensions_not_supported(), "does not support specifying dimensions."),
        (Fault::too_many_inputs(16), "The max number of inputs is 16"),
    ] {
        let (status, reply) = error(fault).await;
        assert_eq!(status, 400);
        assert!(reply["error"]["message"].as_str().unwrap().contains(words));
    }
    for status in [429, 502, 503] {
        let response = response(&server, Fault::html(status).with_should_retry(false)).await;
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["x-should-retry"], "false");
        assert!(response.text().await.unwrap().starts_with("<html>"));
    }
}

#[tokio::test]
async fn a_content_filter_has_two_spellings() {
    let server = TestServer::start().await;
    let category = ContentCategory::Violence;
    for (spelling, inner, results) in [
        (ContentFilterSpelling::Service, "innererror", "content_filter_result"),
        (ContentFilterSpelling::Specification, "inner_error", "content_filter_results"),
    ] {
        let (status, reply) =
            answer(response(&server, Fault::content_filter(category, spelling)).await).await;
        assert_eq!((status, &reply["error"]["code"]), (400, &json!("content_filter")));
        let inner = &reply["error"][inner];
        assert_eq!(inner["code"], "ResponsibleAIPolicyViolation");
        let expected = json!({"filtered": true, "severity": "high"});
        assert_eq!(inner[results]["violence"], expected);
        assert_eq!(inner[results]["hate"]["filtered"], false);
    }
}

#[tokio::test]
async fn a_redirect_leads_to_another_server_with_method_and_body() {
    let (first, second) = (TestServer::start().await, TestServer::start().await);
    for status in [307, 308] {
        let to = format!("{}/v1/embeddings", second.url());
        first.script([Fault::redirect(&to, status)]);
        request(&first, &json!("moved")).send().await.unwrap();
    }
    let arrived = second.requests();
    assert_eq!(arrived.len(), 2);
    assert!(arrived.iter().all(|r| r.method == "POST" && r.body["input"] == "moved"));
}

#[tokio::test]
async fn connections_are_reset_closed_and_cut() {
    let server = TestServer::start().await;
    server.script([Fault::Nothing]);
    // A connection that is kept open: reading it on ends in a timeout.
    let (whole, end) = read_bare(&server);
    assert!(matches!(end, Some(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "{end:?}");
    let (_, body) = whole.split_once("\r\n\r\n").unwrap();
    let length = body.len();

    server.script([Fault::Reset, Fault::Close]);
    assert_eq!(read_bare(&server), (String::new(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(read_bare(&server), (String::new(), None));
    for (fault, end) in
        [(Fault::ResetInBody, Some(ErrorKind::ConnectionReset)), (Fault::TruncatedBody, None)]
    {
        server.script([fault]);
        let (half, ended) = read_bare(&server);
        assert_eq!(ended, end);
        let (head, body) = half.split_once("\r\n\r\n").unwrap();
        assert_eq!(body.len(), length / 2);
        assert!(head.contains(&format!("content-length: {length}")), "{head}");
    }
}

#[tokio::test]
async fn a_client_sees_broken_connections_as_errors() {
    let server = TestServer::start().await;
    for fault in [Fault::Reset, Fault::Close] {
        server.script([fault]);
        request(&server, &json!("a")).send().await.unwrap_err();
    }
    for fault in [Fault::ResetInBody, Fault::TruncatedBody] {
        response(&server, fault).await.bytes().await.unwrap_err();
    }
}

#[tokio::test]
async fn answers_can_be_slow_or_never_come() {
    let server = TestServer::start().await;
    let short = Duration::from_millis(150);
    server.script([Fault::Hang]);
    timeout(short, request(&server, &json!("a")).send()).await.unwrap_err();
    let hanging = response(&server, Fault::HangBody).await;
    assert_eq!(hanging.status(), 200);
    timeout(short, hanging.bytes()).await.unwrap_err();

    let start = Instant::now();
    let drip = Fault::SlowDrip { bytes: 50, interval: Duration::from_millis(10) };
    let (_, reply) = answer(response(&server, drip).await).await;
    assert_eq!(reply["data"].as_array().unwrap().len(), 2);
    assert!(start.elapsed() > Duration::from_millis(30));

    let start = Instant::now();
    assert_eq!(response(&server, Fault::Delay(short)).await.status(), 200);
    assert!(start.elapsed() >= short);
    let slow = TestServer::builder().latency(short).start().await;
    let start = Instant::now();
    response(&slow, Fault::Nothing).await;
    assert!(start.elapsed() >= short);
}

#[tokio::test]
async fn bodies_can_be_empty_or_not_json() {
    let server = TestServer::start().await;
    for (fault, empty) in [(Fault::EmptyBody, true), (Fault::NotJson, false)] {
        let response = response(&server, fault).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        let text = response.text().await.unwrap();
        assert_eq!(text.is_empty(), empty);
        serde_json::from_str::<Value>(&text).unwrap_err();
    }
}

#[tokio::test]
async fn embeddings_are_at_wrong_places() {
    let server = TestServer::start().await;
    let indices = async |fault: Fault| {
        let reply = reply(&server, fault, "float").await;
        let data = reply["data"].as_array().unwrap().clone();
        data.iter().map(|item| item.get("index").and_then(Value::as_u64)).collect::<Vec<_>>()
    };
    assert_eq!(indices(Fault::MissingIndex).await, [Some(0), None]);
    assert_eq!(indices(Fault::DuplicateIndex).await, [Some(0), Some(0)]);
    assert_eq!(indices(Fault::IndexOutOfRange).await, [Some(0), Some(2)]);
    assert_eq!(indices(Fault::WrongCount).await, [Some(0)]);
    assert_eq!(indices(Fault::EmptyData).await, []);
    server.script([Fault::DuplicateIndex]);
    let (_, single) = embed(&server, Api::OpenAi, SMALL, json!({"input": "a"})).await;
    assert_eq!(single["data"].as_array().unwrap().len(), 2);
    assert!(reply(&server, Fault::NoUsage, "float").await.get("usage").is_none());
    let short = reply(&server, Fault::WrongDimensions, "float").await;
    assert_eq!(short["data"][1]["embedding"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn embeddings_are_of_wrong_numbers() {
    let server = TestServer::start().await;
    let decoded = async |fault: Fault| {
        let reply = reply(&server, fault, "base64").await;
        STANDARD.decode(reply["data"][0]["embedding"].as_str().unwrap())
    };
    let first = |bytes: Vec<u8>| f32::from_le_bytes(bytes[..4].try_into().unwrap());
    assert!(first(decoded(Fault::Nothing).await.unwrap()).is_finite());
    assert!(first(decoded(Fault::NotANumber).await.unwrap()).is_nan());
    assert!(first(decoded(Fault::Infinite).await.unwrap()).is_infinite());
    decoded(Fault::BadBase64).await.unwrap_err();
    assert_eq!(decoded(Fault::OddBase64Length).await.unwrap().len(), 17);

    let null = reply(&server, Fault::NotANumber, "float").await;
    assert_eq!(null["data"][0]["embedding"][0], Value::Null);
    let large = reply(&server, Fault::Infinite, "float").await;
    assert!(large["data"][0]["embedding"][0].as_f64().unwrap() > f64::from(f32::MAX));
    let text = response(&server, Fault::NanToken).await.text().await.unwrap();
    assert!(text.contains("[NaN,"));
    serde_json::from_str::<Value>(&text).unwrap_err();
}

#[tokio::test]
async fn a_fault_that_does_not_fit_is_the_tests_mistake() {
    let server = TestServer::start().await;
    server.script([Fault::NoUsage, Fault::CutAfter(1)]);
    let (status, reply) = chat(&server, Api::OpenAi, asking("hi")).await;
    assert_eq!((status, &reply["error"]["code"]), (400, &json!("test_misuse")));
    let (status, reply) = chat(&server, Api::OpenAi, asking("hi")).await;
    assert_eq!((status, &reply["error"]["code"]), (400, &json!("test_misuse")));
    // What is refused stays refused.
    server.script([Fault::NoUsage]);
    let refused = send(&server, Api::OpenAi, EMBEDDINGS, SMALL, json!({"input": ""})).await;
    assert_eq!(answer(refused).await.1["error"]["code"], Value::Null);
}
