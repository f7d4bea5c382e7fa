#include "millrace/state/keyed_state.h"

namespace millrace {

void KeyContext::OwnLater(void (*own)(std::byte*), std::byte* at) {
  own_.emplace_back(own, at);
  owes_ = true;
}

void KeyContext::GiveBackLater(TextBlock block) {
  gone_.push_back(std::move(block));
  owes_ = true;
}

void KeyContext::Settle() {
  for (auto& [own, at] : own_) own(at);
  own_.clear();
  gone_.clear();
  owes_ = false;
}

void StateOwner::RegisterState(StateMember* member, std::string name, const char* kind,
                               std::string schema, const ColumnOps& ops) {
  entries_.push_back({reinterpret_cast<std::byte*>(member) - reinterpret_cast<std::byte*>(this),
                      std::move(name),
                      kind,
                      std::move(schema),
                      ops,
                      {}});
}

void StateOwner::RegisterState(StateMember* member, std::string name, const char* kind,
                               std::string schema, const ColumnOps& ops, const ExpiryOps& expiry) {
  RegisterState(member, std::move(name), kind, std::move(schema), ops);
  entries_.back().kind += " with time to live";
  entries_.back().expiry = expiry;
}

}  // namespace millrace
