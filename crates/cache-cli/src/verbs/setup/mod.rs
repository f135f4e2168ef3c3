//! `setup`: a Redis for the cache, with a memory limit and eviction.
//!
//! It listens on the loopback interface only and saves nothing to disk. What setup started it knows
//! again: a container by its label, a server of this machine by its configuration file. Nothing
//! else is ever stopped or changed.

mod docker;
mod local;
mod server;

use std::thread;
use std::time::{Duration, Instant};

use caching_with_redis::ByteSize;
use serde::Serialize;

use crate::args::{self, Using};
use crate::context::Context;
use crate::failure::Failure;
use crate::language::Language;
use docker::Container;
use local::LocalServer;
use server::{Answer, Server};

/// What a cache wants of its server.
const POLICY: &str = "allkeys-lru";
const LEAST_MEMORY: ByteSize = ByteSize(1 << 20);

/// What was asked for.
struct Wish {
    port: u16,
    memory: ByteSize,
    using: Using,
}

/// What was done, for programs.
#[derive(Debug, Serialize)]
struct Outcome<'a> {
    action: &'static str,
    url: &'a str,
    port: u16,
    /// `docker`, `local`, or `other` for a server that setup did not start.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eviction_policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
}

impl<'a> Outcome<'a> {
    fn new(action: &'static str, url: &'a str, port: u16) -> Self {
        Self {
            action,
            url,
            port,
            by: None,
            version: None,
            max_bytes: None,
            eviction_policy: None,
            log: None,
        }
    }

    fn with_server(mut self, by: &'static str, server: &'a Server) -> Self {
        self.by = Some(by);
        self.version = Some(&server.version);
        self.max_bytes = Some(server.max_memory);
        self.eviction_policy = Some(&server.policy);
        self
    }
}

pub(super) fn run(context: &Context, setup: &args::Setup) -> Result<(), Failure> {
    let language = context.language();
    let memory = setup.memory.unwrap_or(context.settings.redis_max_memory);
    if memory < LEAST_MEMORY {
        return Err(Failure::Usage(language.limit_too_small()));
    }
    let local = LocalServer::at(setup.port, language)?;
    let container = Container::at(setup.port);
    let wish = Wish { port: setup.port, memory, using: setup.using };
    let setup_verb = Setup { context, local, container, wish, url: url(setup.port) };
    if setup.stop { setup_verb.stop() } else { setup_verb.start() }
}

fn url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

/// The verb at work.
struct Setup<'a> {
    context: &'a Context,
    local: LocalServer,
    container: Container,
    wish: Wish,
    url: String,
}

impl Setup<'_> {
    fn start(&self) -> Result<(), Failure> {
        let language = self.context.language();
        match server::ask(self.wish.port) {
            Answer::Nobody => self.start_new(),
            Answer::Redis(server) => self.found(&server),
            Answer::Closed => {
                self.context.output.note(&language.closed_redis(&self.url));
                Err(Failure::Negative)
            }
            Answer::SomethingElse => Err(Failure::Machine(language.port_taken(self.wish.port))),
        }
    }

    /// A Redis is there already. It is never changed, whoever started it.
    fn found(&self, server: &Server) -> Result<(), Failure> {
        let (language, output) = (self.context.language(), &self.context.output);
        let limit = limit(server.max_memory, language);
        let by = self.started_by(server);
        let fits = server.max_memory == self.wish.memory.0 && server.policy == POLICY;
        if output.json {
            let action = if fits { "already_running" } else { "left_as_it_is" };
            let outcome = Outcome::new(action, &self.url, self.wish.port);
            output.object(&outcome.with_server(by.unwrap_or("other"), server))?;
        } else {
            output.line(&match (fits, by) {
                (true, _) => language.already_running(&self.url, &limit, &server.policy),
                (false, Some(_)) => {
                    let (stop, start) = (self.command("--stop"), self.start_command());
                    language.ours_differs(&self.url, &limit, &server.policy, &stop, &start)
                }
                (false, None) => {
                    let wanted = self.wish.memory.0;
                    language.foreign_differs(&self.url, &limit, &server.policy, wanted)
                }
            })?;
        }
        if fits { Ok(()) } else { Err(Failure::Negative) }
    }

    /// How setup started this server, if it did.
    fn started_by(&self, server: &Server) -> Option<&'static str> {
        if self.local.is(server) {
            Some("local")
        } else {
            self.container.is_ours().then_some("docker")
        }
    }

    fn start_new(&self) -> Result<(), Failure> {
        let language = self.context.language();
        let engine = self.wish.using != Using::Local && docker::engine_answers();
        match self.wish.using {
            Using::Docker if !engine => Err(Failure::Machine(language.no_docker_engine())),
            Using::Docker => self.start_container(),
            Using::Auto if engine && !self.container.is_foreign() => match self.start_container() {
                Err(Failure::Machine(reason)) if local::program().is_some() => {
                    self.context.output.note(&language.trying_redis_server(&reason));
                    self.start_local(language.no_redis_server())
                }
                outcome => outcome,
            },
            Using::Auto => self.start_local(language.nothing_to_start_with()),
            Using::Local => self.start_local(language.no_redis_server()),
        }
    }

    fn start_container(&self) -> Result<(), Failure> {
        let language = self.context.language();
        if self.container.is_foreign() {
            let message = language.foreign_container(self.container.name());
            return Err(Failure::Machine(message));
        }
        if !docker::has_image() {
            self.context.output.note(&language.fetching_image(docker::IMAGE));
        }
        let failed = |reason: &str| Failure::Machine(language.docker_failed(reason));
        self.container.run(self.wish.memory, POLICY).map_err(|reason| failed(&reason))?;
        let Some(server) = self.wait(Duration::from_secs(30), |_| true) else {
            self.container.remove();
            return Err(failed(&language.server_silent("redis", 30)));
        };
        let how = language.how_docker(self.container.name());
        self.tell_started("docker", &how, &server, None)
    }

    fn start_local(&self, without_program: String) -> Result<(), Failure> {
        let language = self.context.language();
        let program = local::program().ok_or(Failure::Machine(without_program))?;
        let refused = |reason: &str| Failure::Machine(language.server_refused(program, reason));
        self.local
            .launch(program, self.wish.memory, POLICY)
            .map_err(|error| refused(&error.to_string()))?;
        let Some(server) = self.wait(Duration::from_secs(10), |server| self.local.is(server))
        else {
            return Err(match self.local.last_words() {
                Some(words) => refused(&words),
                None => Failure::Machine(language.server_silent(program, 10)),
            });
        };
        let how = language.how_local(program, server.process);
        self.tell_started("local", &how, &server, Some(self.local.log()))
    }

    /// Waits for the new server to answer.
    fn wait(&self, longest: Duration, is_it: impl Fn(&Server) -> bool) -> Option<Server> {
        let deadline = Instant::now() + longest;
        while Instant::now() < deadline {
            match server::ask(self.wish.port) {
                Answer::Redis(server) if is_it(&server) => return Some(server),
                _ => thread::sleep(Duration::from_millis(25)),
            }
        }
        None
    }

    fn tell_started(
        &self,
        by: &'static str,
        how: &str,
        server: &Server,
        log: Option<String>,
    ) -> Result<(), Failure> {
        let (language, output) = (self.context.language(), &self.context.output);
        if output.json {
            let outcome = Outcome::new("started", &self.url, self.wish.port);
            return output.object(&Outcome { log, ..outcome.with_server(by, server) });
        }
        let limit = limit(server.max_memory, language);
        output.line(&language.started(&server.version, &self.url, how, &limit))?;
        if let Some(log) = log {
            output.line(&language.log_is_at(&log))?;
        }
        if self.wish.port != server::DEFAULT_PORT {
            output.line(&language.set_redis_url(&self.url))?;
        }
        output.line(&language.stop_with(&self.command("--stop")))
    }

    fn stop(&self) -> Result<(), Failure> {
        let (language, output) = (self.context.language(), &self.context.output);
        let (action, text) = match server::ask(self.wish.port) {
            Answer::Redis(server) if self.local.is(&server) => {
                if !server::shut_down(self.wish.port) {
                    return Err(Failure::Machine(language.did_not_stop(&self.url)));
                }
                ("stopped", language.stopped(&self.url))
            }
            _ if self.container.is_ours() => {
                self.container.remove();
                ("stopped", language.stopped(&self.url))
            }
            Answer::Redis(_) | Answer::Closed => {
                ("left_as_it_is", language.not_ours_to_stop(&self.url))
            }
            Answer::Nobody | Answer::SomethingElse => {
                ("nothing_to_stop", language.nothing_to_stop(&self.url))
            }
        };
        if output.json {
            output.object(&Outcome::new(action, &self.url, self.wish.port))?;
        } else {
            output.line(&text)?;
        }
        if action == "left_as_it_is" { Err(Failure::Negative) } else { Ok(()) }
    }

    fn start_command(&self) -> String {
        self.command(&format!("--memory {}", self.wish.memory))
    }

    /// A command line of this verb, for the same port.
    fn command(&self, rest: &str) -> String {
        match self.wish.port {
            server::DEFAULT_PORT => format!("cache-cli setup {rest}"),
            port => format!("cache-cli setup --port {port} {rest}"),
        }
    }
}

fn limit(max_memory: u64, language: Language) -> String {
    if max_memory == 0 { language.no_limit() } else { ByteSize(max_memory).to_string() }
}
