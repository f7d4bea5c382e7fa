#include "connectors/file/file_committable.h"

#include "millrace/io/bytes.h"

namespace millrace {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

std::string FileCommittable::Encoded() const {
  ByteWriter out;
  out.Put(kVersion);
  for (const std::string* text : {&folder, &pending, &bucket, &finished}) out.PutString(*text);
  out.Put(bytes);
  return std::string(out.view());
}

std::optional<FileCommittable> FileCommittable::Decode(std::string_view bytes) {
  ByteReader in(bytes);
  std::uint8_t version = 0;
  FileCommittable file;
  if (!in.Get(&version) || version != kVersion) return std::nullopt;
  for (std::string* text : {&file.folder, &file.pending, &file.bucket, &file.finished}) {
    std::string_view view;
    if (!in.GetString(&view)) return std::nullopt;
    *text = view;
  }
  if (!in.Get(&file.bytes) || !in.AtEnd()) return std::nullopt;
  return file;
}

}  // namespace millrace
