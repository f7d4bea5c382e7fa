#include "millrace/io/csv.h"

#include <algorithm>

namespace millrace {
namespace {

bool Refuse(TextError* error, std::size_t column, std::string what) {
  error->column = column;
  error->what = std::move(what);
  return false;
}

std::string Name(std::string_view name) {
  return "'" + std::string(name) + "'";
}

void AppendField(std::string_view text, bool quote_empty, const CsvOptions& options,
                 std::string& out) {
  const char special[] = {options.delimiter, options.quote, '\n', '\r', '\0'};
  const bool blank_end = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if ((!text.empty() || !quote_empty) && !blank_end &&
      text.find_first_of(special, 0, 4) == std::string_view::npos) {
    out += text;
    return;
  }
  out += options.quote;
  for (const char c : text) {
    if (c == options.quote) out += c;
    out += c;
  }
  out += options.quote;
}

bool IsText(const TypeInfo& type) {
  const TypeInfo& value = type.kind == Kind::kOptional ? *type.element : type;
  return value.kind == Kind::kString || value.kind == Kind::kArenaString;
}

}  // namespace

CsvRow::Outcome CsvRow::Split(std::string_view text, const CsvOptions& options, TextError* error) {
  fields_.clear();
  unescaped_.clear();
  unescaped_.reserve(text.size());  // views into it stay valid
  std::size_t at = 0;
  for (;;) {
    Field field{{}, at + 1, false};
    if (at < text.size() && text[at] == options.quote) {
      field.quoted = true;
      const std::size_t begin = unescaped_.size();
      for (++at;; at += 2) {  // a doubled quote stands for one
        const std::size_t end = text.find(options.quote, at);
        if (end == std::string_view::npos) {
          Refuse(error, field.column, "the quoted field that begins here has no end");
          return Outcome::kOpenQuote;
        }
        unescaped_.append(text, at, end - at);
        at = end;
        if (at + 1 >= text.size() || text[at + 1] != options.quote) break;
        unescaped_ += options.quote;
      }
      field.text = std::string_view(unescaped_).substr(begin);
      ++at;
      if (at < text.size() && text[at] != options.delimiter) {
        Refuse(error, at + 1,
               std::string("after the closing quote a '") + options.delimiter +
                   "' or the end was expected");
        return Outcome::kMalformed;
      }
    } else {
      const std::size_t end = std::min(text.find(options.delimiter, at), text.size());
      field.text = text.substr(at, end - at);
      const std::size_t quote = field.text.find(options.quote);
      if (quote != std::string_view::npos) {
        Refuse(error, at + quote + 1, "a quote inside a field that does not begin with one");
        return Outcome::kMalformed;
      }
      at = end;
    }
    fields_.push_back(field);
    if (at >= text.size()) return Outcome::kRow;
    ++at;  // the delimiter
  }
}

CsvColumns::CsvColumns(const TypeInfo& type) : type_(&type) {
  for (std::uint32_t i = 0; i < type.field_count; ++i) columns_.push_back(&type.fields[i]);
}

bool CsvColumns::FromHeader(const CsvRow& header, const CsvOptions& options, TextError* error) {
  columns_.clear();
  absent_.clear();
  for (const CsvRow::Field& field : header.fields()) {
    const FieldInfo* known = type_->Find(field.text);
    if (known == nullptr && !options.ignore_unknown_columns) {
      const std::string_view near = NearestField(*type_, field.text);
      return Refuse(error, field.column,
                    "the record " + std::string(type_->name) + " has no field " + Name(field.text) +
                        (near.empty() ? "" : " (did you mean " + Name(near) + "?)"));
    }
    if (known != nullptr && std::find(columns_.begin(), columns_.end(), known) != columns_.end()) {
      return Refuse(error, field.column, "the column " + Name(field.text) + " is there twice");
    }
    columns_.push_back(known);
  }
  for (std::uint32_t i = 0; i < type_->field_count; ++i) {
    const FieldInfo& field = type_->fields[i];
    if (std::find(columns_.begin(), columns_.end(), &field) != columns_.end()) continue;
    if (field.type->kind != Kind::kOptional)
      return Refuse(error, 1, "the header lacks the column " + Name(field.name));
    absent_.push_back(&field);
  }
  return true;
}

bool CsvColumns::Fill(const CsvRow& row, void* record, TextError* error) const {
  const auto& fields = row.fields();
  if (fields.size() != columns_.size()) {
    const std::size_t column =
        fields.size() > columns_.size() ? fields[columns_.size()].column : fields.back().column;
    return Refuse(error, column,
                  std::to_string(columns_.size()) + " columns were expected, not " +
                      std::to_string(fields.size()));
  }
  std::string why;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (columns_[i] == nullptr) continue;
    const FieldInfo& field = *columns_[i];
    void* value = static_cast<char*>(record) + field.offset;
    if (field.type->kind == Kind::kOptional && fields[i].text.empty() && !fields[i].quoted) {
      field.type->ops->clear(value);
    } else if (!ParseScalar(*field.type, value, fields[i].text, &why)) {
      return Refuse(error, fields[i].column, "field " + Name(field.name) + ": " + why);
    }
  }
  for (const FieldInfo* field : absent_)
    field->type->ops->clear(static_cast<char*>(record) + field->offset);
  return true;
}

void AppendCsvHeader(const TypeInfo& type, const CsvOptions& options, std::string& out) {
  for (std::uint32_t i = 0; i < type.field_count; ++i) {
    if (i != 0) out += options.delimiter;
    AppendField(type.fields[i].name, true, options, out);
  }
}

void AppendCsv(const TypeInfo& type, const void* record, const CsvOptions& options,
               std::string& out) {
  std::string text;
  for (std::uint32_t i = 0; i < type.field_count; ++i) {
    if (i != 0) out += options.delimiter;
    const FieldInfo& field = type.fields[i];
    const void* value = static_cast<const char*>(record) + field.offset;
    if (IsText(*field.type)) {
      const bool empty_optional =
          field.type->kind == Kind::kOptional && field.type->ops->get(value) == nullptr;
      text.clear();
      AppendScalar(*field.type, value, text);
      AppendField(text, !empty_optional, options, out);
    } else if (options.delimiter == '-' || options.delimiter == '.') {  // may stand in a number
      text.clear();
      AppendScalar(*field.type, value, text);
      AppendField(text, false, options, out);
    } else {
      AppendScalar(*field.type, value, out);
    }
  }
}

}  // namespace millrace
