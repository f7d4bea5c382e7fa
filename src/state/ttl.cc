#include "millrace/state/ttl.h"

namespace millrace {

Ttl Ttl::OnReadAndWrite() const {
  Ttl ttl = *this;
  ttl.updates_on_read_ = true;
  return ttl;
}

Ttl Ttl::ReturnExpiredIfNotCleanedUp() const {
  Ttl ttl = *this;
  ttl.returns_expired_ = true;
  return ttl;
}

Ttl Ttl::InEventTime() const {
  Ttl ttl = *this;
  ttl.domain_ = TimeDomain::kEventTime;
  return ttl;
}

std::string Ttl::Mistake() const {
  if (after_.count() > 0 && after_ <= kMaxDuration) return "";
  return "a time to live of " + std::to_string(after_.count()) +
         " ms: it is at least 1 ms and at most 10,000 years";
}

}  // namespace millrace
