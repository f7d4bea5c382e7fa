#pragma once

/// Protobuf messages as records. Opt-in: millrace/millrace.h knows nothing of Protobuf. Include this beside it, and every
/// generated message type is a record: it crosses edges and processes, is state, a field of a record, an element of a vector,
/// and can be printed and compared.
///
///     #include "millrace/millrace.h"
///     #include "millrace/protobuf.h"
///     #include "reading.pb.h"
///
///     env.FromCollection("readings", std::vector<sensors::Reading>{...})
///         .KeyBy([](const sensors::Reading& r) -> const std::string& { return r.sensor(); })
///         .Process("last", Last())  // may have a ValueState<sensors::Reading>
///         .Print();
///
/// A message is never a key: its bytes are not canonical (unknown fields, -0.0). Key by its fields. docs/records.md has more.

#if !__has_include(<google/protobuf/message.h>)
#error "millrace/protobuf.h needs Protobuf's headers: install libprotobuf-dev"
#else  // all the rest: one error is enough

#include <google/protobuf/message.h>

#include <cstddef>
#include <string>
#include <type_traits>

#include "millrace/io/bytes.h"
#include "millrace/io/record_types.h"

namespace millrace {
namespace internal {

// The same for all messages, compiled once in api/protobuf.cc. The overloads for MessageLite are for messages of the lite runtime,
// which have no descriptor.
void EncodeMessage(const google::protobuf::MessageLite& message, ByteWriter& out);
bool DecodeMessage(ByteReader& in, google::protobuf::MessageLite& message);
std::string MessageSchema(const google::protobuf::Message& message);
std::string MessageSchema(const google::protobuf::MessageLite& message);
void AppendMessage(const google::protobuf::Message& message, std::string& out);
void AppendMessage(const google::protobuf::MessageLite& message, std::string& out);
std::size_t MessageHeldBytes(const google::protobuf::Message& message, std::size_t itself);
std::size_t MessageHeldBytes(const google::protobuf::MessageLite& message, std::size_t itself);

/// A generated message; neither an abstract base nor DynamicMessage.
template <class T>
concept GeneratedMessage =
    std::is_base_of_v<google::protobuf::MessageLite, T> && std::is_default_constructible_v<T>;

}  // namespace internal

/// Bytes: docs/formats/record_codec.md. Decoding goes into the message that is there, which keeps the memory of its texts.
/// Any bytes that Protobuf parses are a message, also without a field that proto2 requires.
template <internal::GeneratedMessage T>
struct RecordCodec<T> {
  static std::string SchemaName() { return internal::MessageSchema(T::default_instance()); }
  static void Encode(const T& message, ByteWriter& out) { internal::EncodeMessage(message, out); }
  static bool Decode(ByteReader& in, T& message) { return internal::DecodeMessage(in, message); }
  static void AppendText(const T& message, std::string& out) {
    internal::AppendMessage(message, out);
  }
  static std::size_t DynamicBytes(const T& message) { return message.ByteSizeLong(); }
  static std::size_t HeldBytes(const T& message) {
    return internal::MessageHeldBytes(message, sizeof(T));
  }
};

}  // namespace millrace

#endif
