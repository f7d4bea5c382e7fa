#pragma once

#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/graph/plan.h"
#include "millrace/v1/worker.pb.h"
#include "runtime/checkpoint/job_checkpoints.h"
#include "runtime/workers/control_link.h"
#include "runtime/workers/worker_order.h"
#include "runtime/workers/worker_process.h"

namespace millrace {

/// One life of a job's workers, from their start until all have done their part or one of them fails. The process that runs
/// it has no user code: it coordinates checkpoints, and hands on what the workers say to each other. One thread.
class JobAttempt {
 public:
  struct Options {
    int job = 0;  // which Execute of main
    std::uint64_t plan_hash = 0;
    int workers = 1;
    std::string folder;      // of the checkpoints; empty: none are taken
    std::string local_copy;  // of their files; empty: there is none
    std::string run;         // a name for this attempt and its files
    sigset_t signals{};      // what workers begin with
  };
  /// `checkpoints` may be null. Both outlive it.
  JobAttempt(const JobPlan& plan, const Options& options, JobCheckpoints* checkpoints);
  /// Kills what is left of the workers.
  ~JobAttempt();
  JobAttempt(const JobAttempt&) = delete;
  JobAttempt& operator=(const JobAttempt&) = delete;

  Status Start();
  /// Until the end, or the first failure. `on_readable` is called when `fd` (-1: none) can be read.
  Status Run(int fd, const std::function<void()>& on_readable);
  /// Asks all workers to end.
  void Cancel();
  bool cancelled() const { return cancelled_; }
  /// Workers that have not ended yet say whose code they are in, and end.
  void EndAtOnce(int signal);
  /// Of the failure: another attempt makes no sense; the checkpoint can't be restored.
  bool fatal() const { return fatal_; }
  bool restoring() const { return restoring_; }
  /// A worker could not deploy its part.
  bool began_badly() const { return began_badly_; }
  /// What the workers that have come to their end have done.
  const std::vector<v1::WorkerReport>& reports() const { return reports_; }

 private:
  struct Worker;
  class RemoteSource;
  class MailCarrier;

  Status StartWorker(int index, const std::vector<std::vector<int>>& peers);
  void ExpectCheckpoints();
  /// Where the subtask of any vertex is.
  Worker& WorkerOf(int subtask);
  void Coordinate();
  void SendMails();
  void Wait(int fd, const std::function<void()>& on_readable);
  void ReadLink(Worker& worker);
  void OnMessage(Worker& worker, const v1::ToMaster& message);
  void OnEvent(const v1::TaskSnapshotEvent& message);
  void OnEnded(Worker& worker);
  void OnExit(Worker& worker);
  void Fail(const Status& why);

  const JobPlan& plan_;
  const Options options_;
  JobCheckpoints* const checkpoints_;
  std::vector<std::unique_ptr<RemoteSource>> sources_;
  std::vector<std::unique_ptr<MailCarrier>> carriers_;  // by worker
  struct TaskAt {
    TaskId id;
    CheckpointMail* mail;
  };
  std::vector<TaskAt> tasks_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t ended_ = 0;
  std::size_t exited_ = 0;
  bool cancelled_ = false;
  Status failure_;
  bool fatal_ = false, restoring_ = false, began_badly_ = false;
  std::vector<v1::WorkerReport> reports_;
};

}  // namespace millrace
