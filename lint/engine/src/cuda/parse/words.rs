//! The words of the notation, each with what it stands for.

use super::super::capture::InCapture;
use super::super::row::{Direction, Effect, FreeWith, InCallback, MemoryKind, Mode, Outcome, Role, Thing};

/// The words for roles, apart from `out:…`, `_` and `_word`.
pub const ROLES: &[(&str, Role)] = &[
    ("this", Role::This),
    ("dst", Role::Dst),
    ("src", Role::Src),
    ("bytes", Role::Bytes),
    ("size", Role::Size),
    ("value", Role::FillValue),
    ("pitch", Role::Pitch),
    ("stride", Role::Stride),
    ("kind", Role::Kind),
    ("stream", Role::Stream),
    ("handle", Role::Handle),
    ("workspace", Role::Workspace),
    ("event", Role::Event),
    ("flags", Role::Flags),
    ("device", Role::Device),
    ("context", Role::Context),
    ("tracker", Role::Tracker),
    ("pool", Role::Pool),
    ("resource", Role::Resource),
    ("launch-config", Role::LaunchConfig),
    ("capture-mode", Role::CaptureMode),
    ("graph", Role::Graph),
    ("from-graph", Role::FromGraph),
    ("node", Role::Node),
    ("node-params", Role::NodeParams),
    ("field:ptr", Role::FieldPtr),
    ("symbol", Role::Symbol),
    ("memory", Role::Memory),
    ("copy-params", Role::CopyParams),
    ("callback-params", Role::CallbackParams),
    ("function", Role::Function),
    ("user-data", Role::UserData),
    ("kernel", Role::Kernel),
    ("kernel-args", Role::KernelArgs),
    ("reads", Role::Reads),
    ("writes", Role::Writes),
    ("count", Role::Count),
    ("index", Role::ElementIndex),
    ("held", Role::Held),
    ("read-first", Role::ReadFirst),
    ("read-last", Role::ReadLast),
    ("write-first", Role::WriteFirst),
    ("write-last", Role::WriteLast),
];

/// The words for what an `out:…` parameter hands out, apart from memory kinds.
pub const THINGS: &[(&str, Thing)] = &[
    ("alias", Thing::Alias),
    ("symbol-address", Thing::SymbolAddress),
    ("stream", Thing::Stream),
    ("handle-stream", Thing::HandleStream),
    ("handle", Thing::Handle),
    ("event", Thing::Event),
    ("graph", Thing::Graph),
    ("capture-status", Thing::CaptureStatus),
    ("foreign-event", Thing::ForeignEvent),
    ("device-attribute", Thing::DeviceAttribute),
    ("device-properties", Thing::DeviceProperties),
    ("pointer-attributes", Thing::PointerAttributes),
    ("current-device", Thing::CurrentDevice),
    ("ordinal", Thing::Ordinal),
    ("context", Thing::Context),
    ("fresh", Thing::Fresh),
];

/// The words for memory kinds.
pub const MEMORY: &[(&str, MemoryKind)] = &[
    ("pageable", MemoryKind::Pageable),
    ("pinned", MemoryKind::Pinned),
    ("registered", MemoryKind::Registered),
    ("managed", MemoryKind::Managed),
    ("device", MemoryKind::Device),
    ("device-stream-ordered", MemoryKind::DeviceStreamOrdered),
    ("device-ipc", MemoryKind::DeviceIpc),
    ("array", MemoryKind::Array),
];

/// The words for results, apart from memory kinds and `argN`.
pub const OUTCOMES: &[(&str, Outcome)] = &[
    ("unknown", Outcome::Unknown),
    ("status", Outcome::Status),
    ("query", Outcome::QueryStatus),
    ("elements", Outcome::Elements),
    ("element", Outcome::Element),
    ("elements-end", Outcome::ElementsEnd),
    ("held", Outcome::Held),
    ("released", Outcome::Released),
    ("pure", Outcome::Pure),
    ("least", Outcome::Least),
    ("greatest", Outcome::Greatest),
    ("stream", Outcome::Stream),
    ("legacy-stream", Outcome::LegacyStream),
    ("per-thread-stream", Outcome::PerThreadStream),
    ("stream-in-thread", Outcome::StreamInThread),
    ("tracker", Outcome::Tracker),
];

/// The words for effects, apart from `copy`, `fill`, `free` and `reallocates`.
pub const EFFECTS: &[(&str, Effect)] = &[
    ("create", Effect::Create),
    ("register", Effect::Register),
    ("unregister", Effect::Unregister),
    ("destroys stream", Effect::DestroyStream),
    ("destroys event", Effect::DestroyEvent),
    ("destroys handle", Effect::DestroyHandle),
    ("destroys graph", Effect::DestroyGraph),
    ("abandons work", Effect::AbandonsWork),
    ("records event", Effect::Record),
    ("stream-waits event", Effect::StreamWaitsForEvent),
    ("host-waits stream", Effect::HostWaitsForStream),
    ("host-waits event", Effect::HostWaitsForEvent),
    ("host-waits device", Effect::HostWaitsForDevice),
    ("host-waits result", Effect::HostWaitsForResult),
    ("sets stream", Effect::SetsStream),
    ("queries stream", Effect::QueriesStream),
    ("queries event", Effect::QueriesEvent),
    ("hides errors", Effect::HidesErrors),
    ("measures events", Effect::MeasuresEvents),
    ("enqueues function", Effect::EnqueuesHostFunction),
    ("enqueues work", Effect::EnqueuesUnknownWork),
    ("launches kernel", Effect::LaunchesKernel),
    ("launches graph", Effect::LaunchesGraph),
    ("changes graph", Effect::ChangesGraph),
    ("adds node", Effect::AddsNode),
    ("adds graph", Effect::AddsGraph),
    ("updates graph", Effect::UpdatesGraph),
    ("begins capture", Effect::BeginsCapture),
    ("ends capture", Effect::EndsCapture),
    ("may-wait", Effect::MayWait),
    ("resets device", Effect::ResetsDevice),
    ("host-access", Effect::HostAccess),
    ("takes elements", Effect::TakesElements),
    ("initialises", Effect::Initialises),
    ("attaches", Effect::Attaches),
    ("swaps elements", Effect::SwapsElements),
    ("swaps contents", Effect::SwapsContents),
    ("takes memory", Effect::TakesMemory),
    ("takes all", Effect::TakesAll),
    ("loses elements", Effect::LosesElements),
    ("releases elements", Effect::ReleasesElements),
    ("holds", Effect::Holds),
    ("waits-for-host", Effect::WaitsForHost),
    ("gathers", Effect::Gathers),
    ("spawns", Effect::Spawns),
    ("reads clock", Effect::ReadsClock),
    ("derives time", Effect::DerivesTime),
    ("runs-at-exit", Effect::RunsAtExit),
    ("no-return", Effect::NoReturn),
    ("stream-waits stream", Effect::StreamWaitsForStream),
    ("borrows", Effect::Borrows),
    ("drops itself", Effect::DropsItself),
    ("carries stream", Effect::CarriesStream),
    ("orders tracked", Effect::OrdersTracked),
    ("records tracked", Effect::RecordsTracked),
    ("ends guard", Effect::EndsGuard),
    ("host-waits tracked", Effect::HostWaitsForTracked),
    ("drops tracked", Effect::DropsTracked),
    ("counts streams", Effect::CountsStreams),
    ("counts streams apart", Effect::CountsStreamsApart),
    ("owns stream", Effect::OwnsStream),
    ("first-stream waits", Effect::FirstStreamWaits),
    ("disowns stream", Effect::DisownsStream),
    ("stops tracking", Effect::StopsTracking),
    ("enters thread", Effect::EntersThread),
    ("starts tracking", Effect::StartsTracking),
    ("sets device", Effect::SetsDevice),
    ("enters device", Effect::EntersDevice),
    ("leaves device", Effect::LeavesDevice),
    ("enables peers", Effect::EnablesPeers),
    ("spans devices", Effect::SpansDevices),
    ("no-wait", Effect::NoWait),
    ("none", Effect::None),
];

/// The words after `free`: the function that the row frees like.
pub const FREE: &[(&str, FreeWith)] = &[
    ("cudaFree", FreeWith::CudaFree),
    ("cudaFreeAsync", FreeWith::CudaFreeAsync),
    ("cudaFreeHost", FreeWith::CudaFreeHost),
    ("cudaFreeArray", FreeWith::CudaFreeArray),
    ("cudaIpcCloseMemHandle", FreeWith::CudaIpcClose),
    ("free", FreeWith::CFree),
    ("munmap", FreeWith::Munmap),
];

/// The words after `cb:`.
pub const CALLBACK: &[(&str, InCallback)] = &[
    ("fine", InCallback::Fine),
    ("forbidden", InCallback::Forbidden),
    ("unobserved", InCallback::ForbiddenUnobserved),
    ("harmless", InCallback::Harmless),
    ("waits", InCallback::Waits),
];

/// The words after `cap:`.
pub(super) const CAPTURE: &[(&str, InCapture)] = &[
    ("unsafe", InCapture::Unsafe),
    ("unsupported", InCapture::Unsupported),
    ("exchanges-mode", InCapture::ExchangesMode),
];

/// The words for directions of copies.
pub(super) const DIRECTIONS: &[(&str, Direction)] = &[
    ("h2h", Direction::HostToHost),
    ("h2d", Direction::HostToDevice),
    ("d2h", Direction::DeviceToHost),
    ("d2d", Direction::DeviceToDevice),
];

/// The words for how a copy returns.
pub(super) const MODES: &[(&str, Mode)] = &[
    ("sync", Mode::Sync),
    ("async", Mode::Async),
    ("settled", Mode::Settled),
    ("pinned-async", Mode::PinnedAsync),
];
