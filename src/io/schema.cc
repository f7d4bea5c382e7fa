#include "millrace/io/schema.h"

#include "millrace/base/hash.h"

namespace millrace {
namespace {

const char* ScalarName(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return "bool";
    case Kind::kInt8:
      return "int8";
    case Kind::kInt16:
      return "int16";
    case Kind::kInt32:
      return "int32";
    case Kind::kInt64:
      return "int64";
    case Kind::kUInt8:
      return "uint8";
    case Kind::kUInt16:
      return "uint16";
    case Kind::kUInt32:
      return "uint32";
    case Kind::kUInt64:
      return "uint64";
    case Kind::kFloat:
      return "float32";
    case Kind::kDouble:
      return "float64";
    case Kind::kEventTime:
      return "event_time";
    case Kind::kString:
    case Kind::kArenaString:
      return "string";
    default:
      return nullptr;
  }
}

void Append(const TypeInfo& type, std::string& out);

void AppendFields(const TypeInfo& type, std::string& out) {
  for (std::uint32_t i = 0; i < type.field_count; ++i) {
    if (i != 0) out += ", ";
    if (!type.fields[i].name.empty()) {
      out += type.fields[i].name;
      out += ": ";
    }
    Append(*type.fields[i].type, out);
  }
}

void AppendOf(const char* what, const TypeInfo& element, const std::string& more,
              std::string& out) {
  out += what;
  out += '<';
  Append(element, out);
  out += more;
  out += '>';
}

void Append(const TypeInfo& type, std::string& out) {
  if (const char* name = ScalarName(type.kind); name != nullptr) {
    out += name;
    return;
  }
  switch (type.kind) {
    case Kind::kEnum:
      return AppendOf("enum", *type.element, "", out);
    case Kind::kTimePoint:
      out += "time<" + UnitName(type) + ">";
      return;
    case Kind::kDuration:
      out += "duration<" + UnitName(type) + ">";
      return;
    case Kind::kOptional:
      return AppendOf("optional", *type.element, "", out);
    case Kind::kVector:
      return AppendOf("list", *type.element, "", out);
    case Kind::kArray:
      return AppendOf("array", *type.element, ", " + std::to_string(type.element_count), out);
    case Kind::kMap:
    case Kind::kUnorderedMap:
      out += "map<";
      Append(*type.key, out);
      out += ", ";
      Append(*type.element, out);
      out += '>';
      return;
    case Kind::kVariant:
      out += "variant<";
      AppendFields(type, out);
      out += '>';
      return;
    case Kind::kTuple:
      out += '(';
      AppendFields(type, out);
      out += ')';
      return;
    case Kind::kRecord:
      out += '{';
      AppendFields(type, out);
      out += '}';
      return;
    case Kind::kCustom:
      out += "custom<" + type.ops->schema_name() + ">";
      return;
    default:
      out += "unsupported";
      return;
  }
}

}  // namespace

std::string SchemaText(const TypeInfo& type) {
  std::string text;
  Append(type, text);
  return text;
}

std::uint64_t SchemaFingerprint(const TypeInfo& type) {
  const std::string text = SchemaText(type);
  return HashBytes(text.data(), text.size());
}

}  // namespace millrace
