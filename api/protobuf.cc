#include "millrace/protobuf.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <set>
#include <string_view>
#include <vector>

#include "millrace/base/check.h"
#include "millrace/base/hash.h"

namespace millrace::internal {
namespace {

namespace pb = google::protobuf;

/// What the types that a message reaches mean, as text: the same from each build of the same .proto. Comments, options and
/// the order in the file are no part of it.
class DescriptorText {
 public:
  explicit DescriptorText(const pb::Descriptor& root) {
    Want(root);
    for (std::size_t i = 0; i < messages_.size(); ++i) Append(*messages_[i]);
  }
  const std::string& text() const { return text_; }

 private:
  void Want(const pb::Descriptor& message) {
    if (seen_.insert(message.full_name()).second) messages_.push_back(&message);
  }
  void Append(const pb::Descriptor& message) {
    text_ += "message " + message.full_name() + "\n";
    std::vector<const pb::FieldDescriptor*> fields(static_cast<std::size_t>(message.field_count()));
    for (std::size_t i = 0; i < fields.size(); ++i) fields[i] = message.field(static_cast<int>(i));
    std::sort(fields.begin(), fields.end(),
              [](const auto* a, const auto* b) { return a->number() < b->number(); });
    for (const pb::FieldDescriptor* field : fields) {
      text_ += std::to_string(field->number()) + " " + field->name() + " " +
               std::to_string(field->label()) + " " + field->type_name();
      if (const pb::Descriptor* type = field->message_type(); type != nullptr) {
        text_ += " " + type->full_name();
        Want(*type);
      }
      if (const pb::EnumDescriptor* type = field->enum_type(); type != nullptr) Append(*type);
      text_ += "\n";
    }
  }
  void Append(const pb::EnumDescriptor& type) {
    text_ += " " + type.full_name();
    if (!seen_.insert(type.full_name()).second) return;
    for (int i = 0; i < type.value_count(); ++i) {
      text_ += " " + type.value(i)->name() + "=" + std::to_string(type.value(i)->number());
    }
  }

  std::set<std::string> seen_;
  std::vector<const pb::Descriptor*> messages_;
  std::string text_;
};

}  // namespace

void EncodeMessage(const pb::MessageLite& message, ByteWriter& out) {
  const std::size_t size = message.ByteSizeLong();
  MILLRACE_CHECK(size <= INT_MAX, "a Protobuf message of 2 GiB can't be encoded");
  out.Reserve(sizeof(std::uint32_t) + size);
  out.Put(static_cast<std::uint32_t>(size));
  pb::io::ArrayOutputStream array(out.end(), static_cast<int>(size));
  {
    pb::io::CodedOutputStream coded(&array);
    coded.SetSerializationDeterministic(true);  // equal maps have equal bytes
    message.SerializeWithCachedSizes(&coded);
  }
  out.Advance(size);
}

bool DecodeMessage(ByteReader& in, pb::MessageLite& message) {
  std::string_view bytes;
  return in.GetString(&bytes) && bytes.size() <= INT_MAX &&
         message.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

std::string MessageSchema(const pb::Message& message) {
  const DescriptorText types(*message.GetDescriptor());
  char hash[20];
  std::snprintf(
      hash, sizeof(hash), "%016llx",
      static_cast<unsigned long long>(HashBytes(types.text().data(), types.text().size())));
  return "protobuf " + message.GetTypeName() + " " + hash;
}

std::string MessageSchema(const pb::MessageLite& message) {
  return "protobuf " + message.GetTypeName();
}

void AppendMessage(const pb::Message& message, std::string& out) {
  pb::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetUseUtf8StringEscaping(true);
  printer.SetExpandAny(true);
  std::string text;
  printer.PrintToString(message, &text);
  if (!text.empty() && text.back() == ' ') text.pop_back();
  out += "{" + text + "}";
}

void AppendMessage(const pb::MessageLite& message, std::string& out) {
  out += "{" + message.GetTypeName() + ", " + std::to_string(message.ByteSizeLong()) + " bytes}";
}

std::size_t MessageHeldBytes(const pb::Message& message, std::size_t itself) {
  const std::size_t all = message.SpaceUsedLong();
  return all > itself ? all - itself : 0;
}

std::size_t MessageHeldBytes(const pb::MessageLite& message, std::size_t) {
  return message.ByteSizeLong();
}

}  // namespace millrace::internal
