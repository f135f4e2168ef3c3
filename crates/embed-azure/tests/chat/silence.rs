//! What was asked and answered is in no log, no error and no `Debug`.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use cache_core::ChatProvider;
use openai_test_server::{Fault, TestServer};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Streamed, answer, ask, event, events, model};

const SECRET: &str = "ssn-078-05-1120";

/// Everything that anybody in this process logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn texts_are_shown_nowhere() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .init();
    let server = TestServer::start().await;
    let model = model(&server);
    let request = ask(SECRET).with("user", SECRET).with("x_more", SECRET);
    let mut shown = format!("{model:?} {request:?} ");
    let whole = model.complete(&request).await.unwrap();
    assert!(whole.content().unwrap().contains(SECRET));
    shown.push_str(&format!("{whole:?} "));
    let chunks = Streamed::of(&model, &request).await.complete();
    shown.push_str(&format!("{chunks:?} "));

    let said = |text: &str| format!("{{\"choices\":[],\"said\":\"{text}\"");
    let error = format!("{{\"error\":{{\"code\":\"made_up\",\"message\":\"{SECRET}\"}}}}");
    for fault in [
        Fault::error(400, "invalid_request", SECRET),
        Fault::error(500, "made_up", SECRET).with_should_retry(false),
        answer("application/json", SECRET),
        answer("application/json", &format!("{{\"choices\":\"{SECRET}\"}}")),
        answer("text/html", SECRET),
        events(SECRET),
        events(&format!("data: {SECRET}\n\n")),
        events(&format!("data: {}\n\n", said(SECRET))),
        events(&format!("{}data: {error}\n\n", event(SECRET, None))),
        events(&format!("{}data: [DONE]\n\n", event(SECRET, None))),
        Fault::CutAfter(5),
    ] {
        server.script([fault.clone(), fault.clone()]);
        match model.stream(&request).await {
            Ok(stream) => {
                let error = Streamed::read(stream).await.error.expect("the answer breaks off");
                shown.push_str(&everything(&error));
            }
            Err(error) => shown.push_str(&everything(&error)),
        }
        let result = model.complete(&request).await;
        shown.push_str(&result.map_or_else(|error| everything(&error), |_| String::new()));
        server.behave();
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for found in log.lines().chain([shown.as_str()]) {
        assert!(!found.contains(SECRET) && !found.contains("test-key"), "{found}");
    }
    assert!(log.contains("hyper"), "the HTTP client's log is in it");
}

/// The error with all that is underneath.
fn everything(error: &dyn std::error::Error) -> String {
    let mut shown = format!("{error:?} ");
    let mut next = Some(error);
    while let Some(error) = next {
        shown.push_str(&format!("{error} "));
        next = error.source();
    }
    shown
}
