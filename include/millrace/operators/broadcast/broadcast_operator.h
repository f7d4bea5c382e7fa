#pragma once

#include <string>
#include <utility>

#include "millrace/operators/broadcast/broadcast_function.h"
#include "millrace/operators/keyed_process_operator.h"
#include "millrace/operators/process_operator.h"

namespace millrace {

/// A stream without a key at port 0, a broadcast one at port 1.
template <class In, class B, class Fn, class Chain>
class BroadcastOperator final : public ProcessOperator<In, Fn, Chain> {
 public:
  using ProcessOperator<In, Fn, Chain>::ProcessOperator;

  bool ProcessBatch(int port, Batch& batch, std::uint32_t* row, StepBudget& budget) override {
    if (port == 0) return ProcessOperator<In, Fn, Chain>::ProcessBatch(port, batch, row, budget);
    BroadcastContext context(&this->process_);
    return this->template ProcessPlainRows<B>(
        batch, row, budget,
        [&](const B& record, auto& out) -> decltype(std::declval<Fn&>().ProcessBroadcastElement(
                                            record, context, out)) {
          return this->fn_.ProcessBroadcastElement(record, context, out);
        });
  }
};

/// A keyed stream at port 0, a broadcast one at port 1.
template <class K, class In, class B, class KeyFn, class Fn, class Chain>
class KeyedBroadcastOperator final : public KeyedProcessBase<K, Fn, Chain> {
 public:
  KeyedBroadcastOperator(std::string name, const KeyFn& key, const Fn& fn, const Chain& chain)
      : KeyedProcessBase<K, Fn, Chain>(std::move(name), fn, chain), key_fn_(key) {}

  bool ProcessBatch(int port, Batch& batch, std::uint32_t* row, StepBudget& budget) override {
    if (port == 0) {
      return this->template ProcessRows<In>(
          key_fn_, batch, row, budget,
          [this](const In& record, auto& out) -> decltype(std::declval<Fn&>().ProcessElement(
                                                  record, std::declval<KeyedContext<K>&>(), out)) {
            return this->fn_.ProcessElement(record, this->process_, out);
          });
    }
    KeyedBroadcastContext<K> context(
        &this->process_, this,
        [](void* op, void* fn, typename KeyedBroadcastContext<K>::Visit visit) {
          static_cast<KeyedBroadcastOperator*>(op)->ForEachKey(
              [&](const K& key) { visit(fn, key); });
        });
    this->BindStates(false);  // no key is at hand
    const bool done = this->template ProcessPlainRows<B>(
        batch, row, budget,
        [&](const B& record, auto& out) -> decltype(std::declval<Fn&>().ProcessBroadcastElement(
                                            record, context, out)) {
          return this->fn_.ProcessBroadcastElement(record, context, out);
        });
    this->BindStates(true);
    return done;
  }

  bool CanHashKeys(int port) const override { return port == 0 && kIsWordKey<K>; }
  void HashKeys(int, Batch& batch) override { HashKeysOf<In>(key_fn_, batch); }

 private:
  KeyFn key_fn_;
};

}  // namespace millrace
