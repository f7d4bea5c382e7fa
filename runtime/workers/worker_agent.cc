#include "runtime/workers/worker_agent.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "millrace/base/check.h"
#include "millrace/operators/user_error.h"

namespace millrace {

WorkerAgent::WorkerAgent(int control_fd)
    : link_(control_fd),
      gate_([this] {
        v1::ToMaster message;
        message.mutable_ended();
        link_.SendAll(message);
      }),
      stop_fd_(eventfd(0, EFD_CLOEXEC)) {}

WorkerAgent::~WorkerAgent() {
  Stop();
  close(stop_fd_);
}

Result<v1::DeployWorker> WorkerAgent::AwaitDeploy() {
  v1::ToWorker message;
  while (!link_.Next(&message)) {
    if (!link_.error().ok()) return link_.error();
    pollfd fd{link_.fd(), POLLIN, 0};
    poll(&fd, 1, -1);
    if (!link_.Receive()) return Status::Unavailable("run a part of a job: its master is gone");
  }
  return message.deploy();
}

void WorkerAgent::Start(LocalCluster* cluster, JobCheckpoints* checkpoints) {
  cluster_ = cluster;
  checkpoints_ = checkpoints;
  cluster->SetWorker({&gate_, [this](const SnapshotEvent& event) { SendEvent(event); }});
  thread_ = std::thread([this] { Run(); });
}

void WorkerAgent::Stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  MILLRACE_CHECK(write(stop_fd_, &one, sizeof(one)) == sizeof(one), "an eventfd refuses a write");
  thread_.join();
}

void WorkerAgent::Run() {
  for (;;) {
    v1::ToWorker message;
    while (link_.Next(&message)) Obey(message);
    pollfd fds[] = {{link_.fd(), POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0) return;
    if (link_.Receive() && link_.error().ok()) continue;
    Cancel();  // without its master the part has nobody to work for
    return;
  }
}

void WorkerAgent::Cancel() {
  cluster_->Cancel();
  gate_.Open();
}

void WorkerAgent::Obey(const v1::ToWorker& message) {
  switch (message.body_case()) {
    case v1::ToWorker::kMails:
      return OnMails(message.mails());
    case v1::ToWorker::kBeginSource:
      return OnBeginSource(message.begin_source());
    case v1::ToWorker::kEndSource:
      return CoordinatorOf(message.end_source().operator_())
          .EndCheckpoint(message.end_source().checkpoint());
    case v1::ToWorker::kSplitRequest: {
      const v1::SplitRequest& request = message.split_request();
      SourceCoordinator* coordinator = cluster_->deployment().coordinator(request.source());
      MILLRACE_CHECK(coordinator != nullptr, "a split is asked for where no coordinator is");
      return coordinator->OnRequest(request.subtask());
    }
    case v1::ToWorker::kSplitAssignment: {
      const v1::SplitAssignment& split = message.split_assignment();
      RemoteSplitReader* reader =
          cluster_->deployment().remote_reader(split.source(), split.subtask());
      MILLRACE_CHECK(reader != nullptr, "a split comes to where its reader is not");
      if (split.no_more()) return reader->OnNoMoreSplits();
      if (split.answered()) return reader->OnAnswered();
      return reader->OnAssigned(split.split());
    }
    case v1::ToWorker::kCommit:
      return gate_.Open();
    case v1::ToWorker::kCancel:
      return Cancel();
    case v1::ToWorker::kDeploy:
    case v1::ToWorker::BODY_NOT_SET:
      MILLRACE_CHECK(false, "the master says what a worker at work can't do");
  }
}

void WorkerAgent::OnMails(const v1::TaskMails& mails) {
  std::int64_t triggered = 0, ended = 0;
  for (const v1::TaskMail& m : mails.tasks()) {
    triggered = std::max<std::int64_t>(triggered, m.triggered());
    ended = std::max<std::int64_t>({ended, m.aborted(), m.complete()});
  }
  Deployment& deployment = cluster_->deployment();
  deployment.ForEachRemoteReader([&](RemoteSplitReader& r) { r.OnTriggered(triggered); });
  for (const v1::TaskMail& m : mails.tasks()) {
    CheckpointMail::Numbers numbers;
    numbers.triggered = m.triggered();
    numbers.aborted = m.aborted();
    numbers.complete = m.complete();
    numbers.lost = m.lost();
    numbers.last = m.last();
    checkpoints_->Deliver({m.vertex(), m.subtask()}, numbers);
  }
  deployment.ForEachRemoteReader([&](RemoteSplitReader& r) { r.OnCheckpointEnded(ended); });
}

SourceCoordinator& WorkerAgent::CoordinatorOf(const std::string& op) {
  Deployment& deployment = cluster_->deployment();
  for (const PlanOperator& o : deployment.plan().operators) {
    if (o.name == op && deployment.coordinator(o.id) != nullptr)
      return *deployment.coordinator(o.id);
  }
  MILLRACE_CHECK(false, "a source's coordinator is not here");
}

void WorkerAgent::OnBeginSource(const v1::SourceCheckpoint& asked) {
  v1::ToMaster message;
  v1::SourcePart& part = *message.mutable_source_part();
  part.set_checkpoint(asked.checkpoint());
  part.mutable_source()->set_operator_(asked.operator_());
  try {
    part.mutable_source()->set_splits(
        CoordinatorOf(asked.operator_()).BeginCheckpoint(asked.checkpoint()));
  } catch (...) {
    part.set_error(internal::DescribeException());
  }
  link_.SendAll(message);
}

void WorkerAgent::SendEvent(const SnapshotEvent& event) {
  v1::ToMaster message;
  v1::TaskSnapshotEvent& e = *message.mutable_event();
  e.set_kind(event.kind == SnapshotEvent::Kind::kWritten    ? v1::TaskSnapshotEvent::WRITTEN
             : event.kind == SnapshotEvent::Kind::kDeclined ? v1::TaskSnapshotEvent::DECLINED
                                                            : v1::TaskSnapshotEvent::ENDED);
  e.set_vertex(event.task.vertex);
  e.set_subtask(event.task.subtask);
  e.set_checkpoint(event.checkpoint);
  e.set_oldest(event.oldest);
  e.mutable_file()->set_name(event.file.name);
  e.mutable_file()->set_checkpoint(event.file.checkpoint);
  e.mutable_file()->set_bytes(event.file.bytes);
  e.mutable_file()->set_offset(event.file.offset);
  e.set_code(static_cast<int>(event.status.code()));
  e.set_message(event.status.message());
  e.set_began(event.times.began);
  e.set_alignment(event.times.alignment);
  e.set_snapshot(event.times.snapshot);
  e.set_longest(event.times.longest);
  e.set_longest_step(event.times.step);
  e.set_in_flight_bytes(event.times.in_flight);
  e.set_upload(event.upload_nanos);
  link_.SendAll(message);
}

void WorkerAgent::SendFailure(const TaskFailure& failure) {
  v1::ToMaster message;
  v1::WorkerFailure& f = *message.mutable_failure();
  f.set_task(failure.task);
  f.set_operator_(failure.op);
  f.set_subtask(failure.subtask);
  f.set_message(failure.message);
  f.set_fatal(failure.fatal || failure.closing);
  f.set_restoring(failure.restoring);
  link_.SendAll(message);
}

void WorkerAgent::SendReport(const v1::WorkerReport& report) {
  v1::ToMaster message;
  *message.mutable_report() = report;
  link_.SendAll(message);
}

void WorkerAgent::Request(int source, int subtask) {
  v1::ToMaster message;
  message.mutable_split_request()->set_source(source);
  message.mutable_split_request()->set_subtask(subtask);
  link_.SendAll(message);
}

void WorkerAgent::Assign(int source, int subtask, std::string_view split) {
  v1::ToMaster message;
  v1::SplitAssignment& assignment = *message.mutable_split_assignment();
  assignment.set_source(source);
  assignment.set_subtask(subtask);
  assignment.set_split(std::string(split));
  link_.SendAll(message);
}

void WorkerAgent::NoMoreSplits(int source, int subtask) {
  v1::ToMaster message;
  v1::SplitAssignment& assignment = *message.mutable_split_assignment();
  assignment.set_source(source);
  assignment.set_subtask(subtask);
  assignment.set_no_more(true);
  link_.SendAll(message);
}

void WorkerAgent::Answered(int source, int subtask) {
  v1::ToMaster message;
  v1::SplitAssignment& assignment = *message.mutable_split_assignment();
  assignment.set_source(source);
  assignment.set_subtask(subtask);
  assignment.set_answered(true);
  link_.SendAll(message);
}

}  // namespace millrace
