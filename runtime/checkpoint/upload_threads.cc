#include "runtime/checkpoint/upload_threads.h"

#include <system_error>

namespace millrace {

UploadThreads::UploadThreads(SnapshotUploads* uploads, std::size_t count) : uploads_(uploads) {
  for (std::size_t i = 0; i < count; ++i) {
    try {
      threads_.emplace_back([uploads] { uploads->RunUntilStopped(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) throw;
      return;  // fewer do as well
    }
  }
}

UploadThreads::~UploadThreads() {
  uploads_->StopRunning();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace millrace
