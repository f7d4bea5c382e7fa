#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "millrace/v1/worker.pb.h"
#include "runtime/local/local_cluster.h"
#include "runtime/workers/control_link.h"

namespace millrace {

/// A worker's line to the master of its job: says what happens here, and does what the master says, in a thread of its own.
class WorkerAgent final : public SplitCourier {
 public:
  /// Owns the socket.
  explicit WorkerAgent(int control_fd);
  ~WorkerAgent() override;

  /// Waits for the master's first word.
  Result<v1::DeployWorker> AwaitDeploy();
  /// From here on the master is obeyed. `checkpoints` may be null; both outlive Stop.
  void Start(LocalCluster* cluster, JobCheckpoints* checkpoints);
  void Stop();

  void SendFailure(const TaskFailure& failure);
  void SendReport(const v1::WorkerReport& report);

  void Request(int source, int subtask) override;
  void Assign(int source, int subtask, const std::vector<std::string>& splits) override;
  void NoMoreSplits(int source, int subtask) override;

 private:
  void Run();
  void Obey(const v1::ToWorker& message);
  void OnMails(const v1::TaskMails& mails);
  void OnBeginSource(const v1::SourceCheckpoint& message);
  SourceCoordinator& CoordinatorOf(const std::string& op);
  void SendEvent(const SnapshotEvent& event);
  void Cancel();

  ControlLink link_;
  CommitGate gate_;
  LocalCluster* cluster_ = nullptr;
  JobCheckpoints* checkpoints_ = nullptr;
  int stop_fd_;
  std::thread thread_;
};

}  // namespace millrace
