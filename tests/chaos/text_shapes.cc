// State that holds texts, of records whose texts are the source's own and gone at its next poll.
#include <string>
#include <utility>

#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/held_source.h"
#include "tests/support/lent_source.h"

namespace millrace::chaos {
namespace {

/// The last four texts of a key and its longest; every twentieth note all but that are forgotten.
struct Remembered : KeyedProcessFunction<std::int64_t, Note, std::string> {
  ValueState<std::int64_t> count{this, "count"};
  ValueState<Note> longest{this, "longest"};
  ListState<Note> last{this, "last"};

  void ProcessElement(const Note& note, Context& ctx, auto& out) {
    const std::int64_t number = count.Get() + 1;
    count.Update(number);
    if (!longest.Has() || note.text.size() >= longest.Get().text.size()) longest.Update(note);
    if (number % 20 == 0) {
      last.Clear();
    } else if (last.Size() < 4) {
      last.Add(note);
    } else {
      last.Set(static_cast<std::size_t>(number % 4), note);
    }
    std::string texts = longest.Get().text.str();
    for (const Note& kept : last.Get()) texts += kept.text.str();
    out.Emit(
        Row("noted", ctx.Key(), number, static_cast<std::int64_t>(KeyHashOfText(texts) % 1000003)));
  }
};

}  // namespace

void BuildTexts(StreamEnvironment& env, const Shape& shape, const Sinks& sinks) {
  const HeldSource notes(Generate(NoteOf).Count(shape.records / 12).Splits(1),
                         {shape.rate / 12, {}});
  env.FromSource("notes", test_support::LentSource(notes))
      .FlatMap<Note>("three times",
                     [](const Note& note, auto& out) {
                       for (std::int64_t i = 0; i < 3; ++i)
                         out.Emit(Note{note.key, 3 * note.number + i, note.text});
                     })
      .KeyBy(&Note::key)
      .Process("remembered", Remembered{})
      .SinkTo("noted rows", sinks("noted rows"));
}

}  // namespace millrace::chaos
