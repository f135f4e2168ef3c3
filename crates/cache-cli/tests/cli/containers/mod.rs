//! What `docker/` says, without a Docker engine: its servers, checks and commands run as processes of
//! this machine, and its paths are those of the project.

mod compose;
mod image;
mod services;
