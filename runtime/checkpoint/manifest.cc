#include "runtime/checkpoint/manifest.h"

#include "millrace/v1/checkpoint.pb.h"

namespace millrace {
namespace {

constexpr std::uint32_t kPlainVersion = 1;
constexpr std::uint32_t kVersion = 2;  // names parts of packs

void Put(const Manifest::Operator& op, v1::OperatorSchema* to) {
  to->set_operator_(op.name);
  to->set_key(op.key);
  for (const StateSpec& state : op.states) {
    v1::StateSchema* s = to->add_states();
    s->set_name(state.name);
    s->set_kind(state.kind);
    s->set_schema(state.schema);
  }
}
Manifest::Operator From(const v1::OperatorSchema& in) {
  Manifest::Operator op{in.operator_(), in.key(), {}};
  for (const v1::StateSchema& s : in.states())
    op.states.push_back({s.name(), s.kind(), s.schema()});
  return op;
}

void Put(const SubtaskCheckpoint& did, v1::SubtaskTimes* to) {
  to->set_vertex(did.vertex);
  to->set_subtask(did.subtask);
  to->set_start_delay(did.start_delay);
  to->set_alignment(did.alignment);
  to->set_snapshot(did.snapshot);
  to->set_longest_slice(did.longest);
  to->set_longest_step(did.step);
  to->set_in_flight_bytes(did.in_flight);
  to->set_upload(did.upload);
  to->set_acknowledged(did.acknowledged);
  to->set_bytes(did.bytes);
  to->set_full_bytes(did.full_bytes);
}
SubtaskCheckpoint From(const v1::SubtaskTimes& in) {
  SubtaskCheckpoint did;
  did.vertex = in.vertex();
  did.subtask = in.subtask();
  did.start_delay = in.start_delay();
  did.alignment = in.alignment();
  did.snapshot = in.snapshot();
  did.longest = in.longest_slice();
  did.step = in.longest_step();
  did.in_flight = in.in_flight_bytes();
  did.upload = in.upload();
  did.acknowledged = in.acknowledged();
  did.bytes = in.bytes();
  did.full_bytes = in.full_bytes();
  return did;
}

/// A file below the folder. Others are never read, and never removed.
bool IsBelow(std::string_view name) {
  if (name.empty() || name.front() == '/') return false;
  for (std::size_t at = 0, end = 0; end != std::string_view::npos; at = end + 1) {
    end = name.find('/', at);
    if (name.substr(at, end - at) == "..") return false;
  }
  return true;
}

}  // namespace

std::string Manifest::Encoded() const {
  v1::CheckpointManifest out;
  out.set_version(kPlainVersion);
  out.set_job(job);
  out.set_run(run);
  out.set_job_id(job_id);
  out.set_id(id);
  out.set_began_millis(began_millis);
  out.set_ended_millis(ended_millis);
  for (const Vertex& vertex : vertices) {
    v1::VertexState* to = out.add_vertices();
    for (const std::string& op : vertex.operators) to->add_operators(op);
    for (const Chain& chain : vertex.tasks) {
      v1::TaskState* task = to->add_tasks();
      for (const File& file : chain) {
        v1::SnapshotFile* f = task->add_files();
        f->set_name(file.name);
        f->set_checkpoint(file.checkpoint);
        f->set_bytes(file.bytes);
        f->set_offset(file.offset);
        if (file.offset != 0) out.set_version(kVersion);
      }
    }
  }
  for (const Source& source : sources) {
    v1::SourceState* to = out.add_sources();
    to->set_operator_(source.name);
    to->set_splits(source.splits);
  }
  for (const Operator& op : operators) Put(op, out.add_operators());
  for (const SubtaskCheckpoint& did : subtasks) Put(did, out.add_subtasks());
  return out.SerializeAsString();
}

Result<Manifest> Manifest::Decode(std::string_view bytes, const std::string& path) {
  const std::string what = "read checkpoint manifest '" + path + "': ";
  v1::CheckpointManifest in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || in.version() == 0)
    return Status::DataLoss(what + "its content does not decode");
  if (in.version() > kVersion) {
    return Status(StatusCode::kUnimplemented,
                  what + "it is of version " + std::to_string(in.version()) +
                      ", this program reads versions up to " + std::to_string(kVersion));
  }
  Manifest manifest;
  manifest.job = in.job();
  manifest.run = in.run();
  manifest.job_id = in.job_id();
  manifest.id = in.id();
  manifest.began_millis = in.began_millis();
  manifest.ended_millis = in.ended_millis();
  for (const v1::VertexState& v : in.vertices()) {
    Vertex vertex;
    vertex.operators.assign(v.operators().begin(), v.operators().end());
    for (const v1::TaskState& task : v.tasks()) {
      Chain chain;
      for (const v1::SnapshotFile& f : task.files()) {
        if (!IsBelow(f.name()))
          return Status::DataLoss(what + "it names the file '" + f.name() +
                                  "', which is not below its folder");
        chain.push_back({f.name(), f.checkpoint(), f.bytes(), f.offset()});
      }
      vertex.tasks.push_back(std::move(chain));
    }
    manifest.vertices.push_back(std::move(vertex));
  }
  for (const v1::SourceState& s : in.sources())
    manifest.sources.push_back({s.operator_(), s.splits()});
  for (const v1::OperatorSchema& op : in.operators()) manifest.operators.push_back(From(op));
  for (const v1::SubtaskTimes& did : in.subtasks()) manifest.subtasks.push_back(From(did));
  return manifest;
}

}  // namespace millrace
