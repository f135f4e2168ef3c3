//! Redirects are followed; credentials stay at home.
#![allow(clippy::unwrap_used)]

mod support;

use cache_core::ProviderErrorKind as Kind;
use openai_test_server::{Fault, TestServer};
use support::{embed, model, model_with, quick, vectors};

const PATH: &str = "/openai/deployments/text-embedding-3-small/embeddings?api-version=2024-10-21";

#[tokio::test]
async fn within_one_origin_everything_is_kept() {
    let server = TestServer::start().await;
    for status in [307, 308] {
        server.clear_requests();
        server.script([Fault::redirect(PATH, status)]);
        vectors(embed(&model(&server), &["a"]).await.unwrap());
        let requests = server.requests();
        assert_eq!((requests.len(), &requests[0].body), (2, &requests[1].body));
        assert_eq!(requests[1].header("api-key"), Some("test-key"));
    }
}

#[tokio::test]
async fn another_origin_sees_no_credentials() {
    let (home, away) = (TestServer::start().await, TestServer::start().await);
    home.always(Fault::redirect(&format!("{}{PATH}", away.url()), 307));
    let model = model_with(&home, quick().with_header("x-subscription", "secret"));
    let error = embed(&model, &["a"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthorized);
    let request = &away.requests()[0];
    for name in ["api-key", "authorization", "x-subscription"] {
        assert_eq!(request.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn circles_end() {
    let server = TestServer::start().await;
    server.always(Fault::redirect(PATH, 308));
    let error = embed(&model(&server), &["a"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    assert_eq!(server.requests().len(), 6);
}
