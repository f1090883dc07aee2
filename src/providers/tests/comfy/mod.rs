//! ComfyUI against a fake that speaks the measured protocol, and the same cases against a real server whose address is
//! given: `./x comfy URL`.

mod accept;
mod bench;
mod crash;
mod fake;
mod flow;
