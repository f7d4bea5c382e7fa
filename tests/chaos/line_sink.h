#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/operators/chain/sink_tail.h"

namespace millrace::chaos {

/// Any sink of lines behind one type: what is big is compiled once for all of them.
class LineSink {
 public:
  class Writer {
   public:
    struct Calls {
      virtual ~Calls() = default;
      virtual void Write(const std::string& row, EventTime time) = 0;
      virtual void Flush() = 0;
      virtual std::vector<std::string> PrepareCommit() = 0;
      virtual void Commit(const std::vector<std::string>& committables) = 0;
      virtual void AbortLeftovers() = 0;
      virtual void Close() = 0;
    };
    explicit Writer(std::unique_ptr<Calls> calls) : calls_(std::move(calls)) {}
    void Write(const std::string& row, EventTime time) { calls_->Write(row, time); }
    void Flush() { calls_->Flush(); }
    std::vector<std::string> PrepareCommit() { return calls_->PrepareCommit(); }
    void Commit(const std::vector<std::string>& committables) { calls_->Commit(committables); }
    void AbortLeftovers() { calls_->AbortLeftovers(); }
    void Close() { calls_->Close(); }

   private:
    std::unique_ptr<Calls> calls_;
  };

  /// A sink whose writers commit.
  template <class Sink>
    requires(!std::is_same_v<Sink, LineSink>)
  LineSink(Sink sink)  // NOLINT: implicit on purpose
      : create_([sink = std::move(sink)](const WriterContext& context) {
          return Writer(std::make_unique<CallsOf<Sink>>(sink.CreateWriter(context)));
        }) {}
  Writer CreateWriter(const WriterContext& context) const { return create_(context); }

 private:
  template <class Sink>
  class CallsOf final : public Writer::Calls {
   public:
    using Inner =
        decltype(std::declval<const Sink&>().CreateWriter(std::declval<const WriterContext&>()));
    explicit CallsOf(Inner inner) : inner_(std::move(inner)) {}
    void Write(const std::string& row, EventTime time) override { inner_.Write(row, time); }
    void Flush() override {
      if constexpr (requires { inner_.Flush(); }) inner_.Flush();
    }
    std::vector<std::string> PrepareCommit() override { return inner_.PrepareCommit(); }
    void Commit(const std::vector<std::string>& committables) override {
      inner_.Commit(committables);
    }
    void AbortLeftovers() override {
      if constexpr (requires { inner_.AbortLeftovers(); }) inner_.AbortLeftovers();
    }
    void Close() override {
      if constexpr (requires { inner_.Close(); }) inner_.Close();
    }

   private:
    Inner inner_;
  };

  std::function<Writer(const WriterContext&)> create_;
};

}  // namespace millrace::chaos
