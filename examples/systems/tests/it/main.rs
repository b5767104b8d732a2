//! The systems show what was sent to them: each is started, called over sockets, and scraped.

mod docs;
mod event_platform;
mod llm_api;
mod quiz_api;
mod support;
mod task_backend;
