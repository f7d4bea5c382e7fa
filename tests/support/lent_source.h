#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/io/value_traits.h"
#include "millrace/operators/source/source_api.h"
#include "millrace/operators/source/source_operator.h"

namespace millrace::test_support {

/// Another source, whose texts lie in the reader's own memory and are gone at its next poll: overwritten first, so that who
/// still looks at them reads something else, then freed, so that the address sanitizer sees it.
template <class Source>
class LentSource {
 public:
  using Record = typename Source::Record;
  using Split = typename Source::Split;

  explicit LentSource(Source source) : source_(std::move(source)) {}
  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    return source_.CreateEnumerator(parallelism);
  }

  class Reader {
   public:
    using Inner = decltype(std::declval<const Source&>().OpenSplit(
        std::declval<const Split&>(), std::declval<const ReaderContext&>()));
    static constexpr bool kTextsLast = true;

    explicit Reader(Inner inner) : inner_(std::move(inner)) {}
    Reader(Reader&&) = default;
    Reader& operator=(Reader&&) = delete;
    ~Reader() { Spoil(); }

    template <class Out>
    PollResult Poll(Out& out, std::uint32_t max_rows) {
      Spoil();
      Lender<Out> lender{&out, &texts_};
      return inner_.Poll(lender, max_rows);
    }
    Split Position() const { return inner_.Position(); }

   private:
    struct Text {
      std::unique_ptr<char[]> bytes;
      std::size_t size;
    };
    template <class Out>
    struct Lender {
      Out* out;
      std::vector<Text>* texts;

      template <class T>
      void Emit(T&& record, EventTime time = EventTime::Min()) {
        Record lent = record;
        ForEachStringView(lent, [this](String& s) {
          if (s.is_static()) return;
          texts->push_back({std::make_unique<char[]>(s.size()), s.size()});
          std::memcpy(texts->back().bytes.get(), s.data(), s.size());
          s = String::View({texts->back().bytes.get(), s.size()});
        });
        out->Emit(std::as_const(lent), time);
      }
    };
    void Spoil() {
      for (const Text& text : texts_) std::memset(text.bytes.get(), '#', text.size);
      texts_.clear();
    }

    Inner inner_;
    std::vector<Text> texts_;
  };
  Reader OpenSplit(const Split& split, const ReaderContext& context) const {
    return Reader(source_.OpenSplit(split, context));
  }

 private:
  Source source_;
};

}  // namespace millrace::test_support
