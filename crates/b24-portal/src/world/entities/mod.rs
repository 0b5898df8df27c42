//! What fields each entity has.

mod clients;
mod deal;
mod event_log;
mod invoice;
mod lead;
mod payment;
mod process;
mod product;
mod standard;
mod task;
mod user;

pub(super) use clients::{COMPANY, CONTACT};
pub(super) use deal::DEAL;
pub(super) use event_log::{EVENT_LOG, EVENT_LOG_V3};
pub(super) use invoice::INVOICE;
pub(super) use lead::LEAD;
pub(crate) use payment::PAY_SYSTEMS;
pub(super) use payment::PAYMENT;
pub(super) use process::{EQUIPMENT, PROJECT};
pub(super) use product::PRODUCT;
pub(super) use task::{TASK, TASK_V3, TaskV3};
pub(super) use user::USER;
