#include "runtime/workers/job_attempt.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "millrace/operators/user_error.h"
#include "runtime/workers/worker_end.h"
#include "src/base/fail_point.h"

namespace millrace {

struct JobAttempt::Worker {
  int index = 0;
  WorkerProcess process;
  std::unique_ptr<ControlLink> link;
  int crash_fd = -1;
  bool ended = false;   // its tasks have come to their end
  bool exited = false;  // the process has

  ~Worker() {
    if (crash_fd >= 0) close(crash_fd);
  }
};

/// Notes that a worker's tasks have mail.
class JobAttempt::MailCarrier final : public Waker {
 public:
  void Wake() override { due_ = true; }
  bool TakeDue() { return std::exchange(due_, false); }

 private:
  bool due_ = false;
};

/// A source's coordinator in the first worker.
class JobAttempt::RemoteSource final : public SourceCheckpoints {
 public:
  RemoteSource(std::string op, JobAttempt* attempt) : op_(std::move(op)), attempt_(attempt) {}

  /// Asks, and does what the worker says meanwhile: the splits that it gave away before its answer go to their readers before
  /// these hear of the checkpoint.
  std::string BeginCheckpoint(std::int64_t checkpoint) override {
    Worker& worker = *attempt_->workers_[0];
    v1::ToWorker message;
    message.mutable_begin_source()->set_operator_(op_);
    message.mutable_begin_source()->set_checkpoint(checkpoint);
    worker.link->Send(message);
    answer_.reset();
    while (!answer_.has_value() || answer_->checkpoint() != checkpoint) {
      const short writes = worker.link->HasOutput() ? POLLOUT : 0;
      pollfd fds[] = {{worker.link->fd(), static_cast<short>(POLLIN | writes), 0},
                      {worker.process.pid_fd(), POLLIN, 0}};
      constexpr int kPatienceMillis = 10000;  // the loop that asks hears no Ctrl-C meanwhile
      if (poll(fds, 2, kPatienceMillis) == 0)
        throw ConnectorError("it has not answered for " + std::to_string(kPatienceMillis / 1000) +
                             " s");
      worker.link->Flush();
      attempt_->ReadLink(worker);
      if (fds[1].revents != 0 && !answer_.has_value())
        throw ConnectorError("the worker that has it is gone");
    }
    if (!answer_->error().empty()) throw ConnectorError(answer_->error());
    return answer_->source().splits();
  }
  void EndCheckpoint(std::int64_t checkpoint) override {
    v1::ToWorker message;
    message.mutable_end_source()->set_operator_(op_);
    message.mutable_end_source()->set_checkpoint(checkpoint);
    attempt_->workers_[0]->link->Send(message);
  }
  /// The worker does that when it begins.
  Status Restore(std::string_view) override { return Status::Ok(); }

  const std::string& op() const { return op_; }
  void OnAnswer(const v1::SourcePart& part) { answer_ = part; }

 private:
  const std::string op_;
  JobAttempt* const attempt_;
  std::optional<v1::SourcePart> answer_;
};

JobAttempt::JobAttempt(const JobPlan& plan, const Options& options, JobCheckpoints* checkpoints)
    : plan_(plan), options_(options), checkpoints_(checkpoints) {}

JobAttempt::~JobAttempt() {
  for (const auto& worker : workers_) worker->process.Signal(SIGKILL);  // all at once, then wait
}

namespace {

Status Trouble(const std::string& what) {
  return Status::Internal("run the job in worker processes: " + what + ": " + std::strerror(errno));
}

/// Descriptors that live until they are handed on or the attempt to do so ends.
class Descriptors {
 public:
  ~Descriptors() {
    for (const int fd : fds_) close(fd);
  }
  bool Pair(int* a, int* b) {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return false;
    *a = fds[0];
    *b = fds[1];
    fds_.insert(fds_.end(), fds, fds + 2);
    return true;
  }

 private:
  std::vector<int> fds_;
};

}  // namespace

Status JobAttempt::Start() {
  if (checkpoints_ != nullptr) ExpectCheckpoints();
  // The workers' sockets to each other are theirs alone: here they are closed when all have been started.
  Descriptors sockets;
  const auto n = static_cast<std::size_t>(options_.workers);
  std::vector<std::vector<int>> peers(n, std::vector<int>(n, -1));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      if (!sockets.Pair(&peers[i][j], &peers[j][i])) return Trouble("make a pair of sockets");
    }
  }
  for (int i = 0; i < options_.workers; ++i) MILLRACE_RETURN_IF_ERROR(StartWorker(i, peers));
  return Status::Ok();
}

Status JobAttempt::StartWorker(int index, const std::vector<std::vector<int>>& peers) {
  int control[2], crash[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0)
    return Trouble("make a pair of sockets");
  auto worker = std::make_unique<Worker>();
  worker->index = index;
  worker->link = std::make_unique<ControlLink>(control[0]);
  if (pipe2(crash, O_CLOEXEC) != 0) {
    close(control[1]);
    return Trouble("make a pipe");
  }
  worker->crash_fd = crash[0];
  WorkerOrder order;
  order.report_fd = crash[1];
  order.parent = getpid();
  order.job = options_.job;
  order.plan_hash = options_.plan_hash;
  order.worker = index;
  order.workers = options_.workers;
  order.control_fd = control[1];
  order.peers = peers[static_cast<std::size_t>(index)];
  std::vector<int> kept = {control[1], crash[1]};
  std::copy_if(order.peers.begin(), order.peers.end(), std::back_inserter(kept),
               [](int fd) { return fd >= 0; });
  auto process = [&]() -> Result<WorkerProcess> {
    MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kWorkerSpawn));
    return WorkerProcess::Start(order.Text(), kept, options_.signals);
  }();
  close(control[1]);
  close(crash[1]);
  if (!process.ok()) return process.status();
  worker->process = std::move(process).value();
  v1::ToWorker message;
  v1::DeployWorker& deploy = *message.mutable_deploy();
  deploy.set_checkpoint_folder(options_.folder);
  deploy.set_local_copy(options_.local_copy);
  deploy.set_run(options_.run);
  if (checkpoints_ != nullptr) {
    deploy.set_manifest(checkpoints_->manifest());
    deploy.set_job_id(checkpoints_->job_id());
    deploy.set_in_place(checkpoints_->in_place());
    deploy.set_first_checkpoint(checkpoints_->first());
    deploy.set_job_id(checkpoints_->job_id());
  }
  worker->link->Send(message);
  workers_.push_back(std::move(worker));
  return Status::Ok();
}

void JobAttempt::ExpectCheckpoints() {
  for (int i = 0; i < options_.workers; ++i) carriers_.push_back(std::make_unique<MailCarrier>());
  for (const PlanOperator& o : plan_.operators) {
    if (o.kind != NodeKind::kSource) continue;
    sources_.push_back(std::make_unique<RemoteSource>(o.name, this));
    const Status added = checkpoints_->AddSource(o.name, sources_.back().get());
    if (!added.ok()) Fail(added);
  }
  for (const PlanVertex& v : plan_.vertices) {
    for (int s = 0; s < v.parallelism; ++s) {
      const TaskId id{v.id, s};
      MailCarrier* carrier = carriers_[static_cast<std::size_t>(s % options_.workers)].get();
      tasks_.push_back({id, checkpoints_->AddTask(id, v.parallelism, carrier)});
    }
  }
  checkpoints_->Start(&SystemClock::Get());
}

JobAttempt::Worker& JobAttempt::WorkerOf(int subtask) {
  return *workers_[static_cast<std::size_t>(subtask % options_.workers)];
}

void JobAttempt::Fail(const Status& why) {
  if (failure_.ok()) failure_ = why;
}

void JobAttempt::Cancel() {
  cancelled_ = true;
  v1::ToWorker message;
  message.mutable_cancel();
  for (const auto& worker : workers_) worker->link->Send(message);
}

void JobAttempt::EndAtOnce(int signal) {
  constexpr int kPatienceMillis = 500;
  for (const auto& worker : workers_) worker->process.Signal(signal);
  for (const auto& worker : workers_) {
    if (worker->exited) continue;
    pollfd ended{worker->process.pid_fd(), POLLIN, 0};
    poll(&ended, 1, kPatienceMillis);
  }
}

Status JobAttempt::Run(int fd, const std::function<void()>& on_readable) {
  while (exited_ < workers_.size() && failure_.ok()) {
    if (checkpoints_ != nullptr && !cancelled_) Coordinate();
    if (!failure_.ok()) break;
    Wait(fd, on_readable);
  }
  return failure_;
}

void JobAttempt::Coordinate() {
  CheckpointCoordinator& coordinator = checkpoints_->coordinator();
  do {
    coordinator.Step();
  } while (checkpoints_->uploads()->RunOne());  // manifests
  if (!coordinator.failure().empty()) Fail(Status(StatusCode::kAborted, coordinator.failure()));
  SendMails();
}

void JobAttempt::SendMails() {
  for (std::size_t w = 0; w < workers_.size(); ++w) {
    if (!carriers_[w]->TakeDue() || workers_[w]->exited) continue;
    v1::ToWorker message;
    v1::TaskMails& mails = *message.mutable_mails();
    for (const TaskAt& task : tasks_) {
      if (static_cast<std::size_t>(task.id.subtask % options_.workers) != w) continue;
      const CheckpointMail::Numbers n = task.mail->Load();
      v1::TaskMail& mail = *mails.add_tasks();
      mail.set_vertex(task.id.vertex);
      mail.set_subtask(task.id.subtask);
      mail.set_triggered(n.triggered);
      mail.set_aborted(n.aborted);
      mail.set_complete(n.complete);
      mail.set_lost(n.lost);
      mail.set_last(n.last);
    }
    workers_[w]->link->Send(message);
  }
}

void JobAttempt::Wait(int fd, const std::function<void()>& on_readable) {
  std::vector<pollfd> fds{{fd, POLLIN, 0}};
  for (const auto& worker : workers_) {
    const short writes = worker->link->HasOutput() ? POLLOUT : 0;
    fds.push_back(
        {worker->exited ? -1 : worker->link->fd(), static_cast<short>(POLLIN | writes), 0});
    fds.push_back({worker->exited ? -1 : worker->process.pid_fd(), POLLIN, 0});
  }
  timespec patience{3600, 0};
  if (checkpoints_ != nullptr && !cancelled_) {
    const std::int64_t nanos = std::clamp<std::int64_t>(
        checkpoints_->coordinator().next_wake() - SystemClock::Get().NowNanos(), 0,
        std::int64_t{3600} * 1000000000);
    patience = {nanos / 1000000000, nanos % 1000000000};
  }
  if (ppoll(fds.data(), fds.size(), &patience, nullptr) <= 0) return;
  if (fds[0].revents != 0) on_readable();
  for (std::size_t w = 0; w < workers_.size(); ++w) {
    Worker& worker = *workers_[w];
    if ((fds[1 + 2 * w].revents & POLLOUT) != 0) worker.link->Flush();
    // What a worker has said before it ended counts.
    if (fds[1 + 2 * w].revents != 0 || fds[2 + 2 * w].revents != 0) ReadLink(worker);
    if (fds[2 + 2 * w].revents != 0) OnExit(worker);
  }
}

void JobAttempt::ReadLink(Worker& worker) {
  worker.link->Receive();  // that nothing more comes is seen at the process
  v1::ToMaster message;
  while (worker.link->Next(&message)) OnMessage(worker, message);
  if (!worker.link->error().ok()) Fail(worker.link->error());
}

void JobAttempt::OnMessage(Worker& worker, const v1::ToMaster& message) {
  v1::ToWorker forward;
  switch (message.body_case()) {
    case v1::ToMaster::kEvent:
      return OnEvent(message.event());
    case v1::ToMaster::kSourcePart:
      for (const auto& source : sources_) {
        if (source->op() == message.source_part().source().operator_())
          source->OnAnswer(message.source_part());
      }
      return;
    case v1::ToMaster::kSplitRequest:
      *forward.mutable_split_request() = message.split_request();
      return workers_[0]->link->Send(forward);
    case v1::ToMaster::kSplitAssignment:
      *forward.mutable_split_assignment() = message.split_assignment();
      return WorkerOf(message.split_assignment().subtask()).link->Send(forward);
    case v1::ToMaster::kFailure: {
      const v1::WorkerFailure& f = message.failure();
      fatal_ |= f.fatal();
      restoring_ |= f.restoring();
      began_badly_ |= f.operator_().empty();
      if (f.operator_().empty()) return Fail(Status(StatusCode::kAborted, f.message()));
      return Fail(Status(StatusCode::kAborted, "operator '" + f.operator_() + "', subtask " +
                                                   std::to_string(f.subtask()) + ": " +
                                                   f.message()));
    }
    case v1::ToMaster::kEnded:
      return OnEnded(worker);
    case v1::ToMaster::kReport:
      reports_.push_back(message.report());
      return;
    case v1::ToMaster::BODY_NOT_SET:
      return;
  }
}

void JobAttempt::OnEvent(const v1::TaskSnapshotEvent& message) {
  SnapshotEvent event;
  event.kind = message.kind() == v1::TaskSnapshotEvent::WRITTEN    ? SnapshotEvent::Kind::kWritten
               : message.kind() == v1::TaskSnapshotEvent::DECLINED ? SnapshotEvent::Kind::kDeclined
                                                                   : SnapshotEvent::Kind::kEnded;
  event.task = {message.vertex(), message.subtask()};
  event.checkpoint = message.checkpoint();
  event.oldest = message.oldest();
  event.file = {message.file().name(), message.file().checkpoint(), message.file().bytes(),
                message.file().offset()};
  if (message.code() != 0)
    event.status = Status(static_cast<StatusCode>(message.code()), message.message());
  event.times = {message.began(),   message.alignment(),    message.snapshot(),
                 message.longest(), message.longest_step(), message.in_flight_bytes()};
  event.upload_nanos = message.upload();
  checkpoints_->uploads()->Tell(std::move(event));
}

void JobAttempt::OnEnded(Worker& worker) {
  if (std::exchange(worker.ended, true) || ++ended_ < workers_.size()) return;
  v1::ToWorker message;
  message.mutable_commit();
  for (const auto& w : workers_) w->link->Send(message);
}

void JobAttempt::OnExit(Worker& worker) {
  const int status = worker.process.Wait();
  worker.exited = true;
  ++exited_;
  const bool done = WIFEXITED(status) && WEXITSTATUS(status) == 0 && worker.ended;
  if (done || cancelled_) return;
  const std::string who =
      "worker " + std::to_string(worker.index) + " of " + std::to_string(options_.workers) + ": ";
  const CrashReport report = ReadCrashReport(worker.crash_fd);
  fatal_ |= WIFEXITED(status) && !report.started;  // another main would have to be written
  const Status end = DescribeWorkerEnd(status, report);
  if (!end.ok()) return Fail(Status(end.code(), who + end.message()));
  Fail(Status(StatusCode::kAborted, who + "the process ended with exit code " +
                                        std::to_string(WEXITSTATUS(status)) +
                                        " in the middle of the job"));
}

}  // namespace millrace
