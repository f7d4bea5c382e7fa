#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/connectors/part_files.h"
#include "millrace/connectors/time_buckets.h"

namespace millrace {

namespace internal {

struct OneFolder {};

}  // namespace internal

/// Writes records into part files, one after the other in each subtask, which are seen when they are complete and never change
/// again: with checkpoints each record stands in exactly one of them, whatever fails. docs/file_sinks.md has names and
/// guarantees. (Flink: FileSink)
///
///   stream.SinkTo("report", TextFileSink("/tmp/report"));
///   stream.SinkTo("log", JsonFileSink("/data/log").RollAt(128 << 20).Buckets(EventTimeHours()));
///   stream.SinkTo("by sensor", CsvFileSink("/data/sensors")
///                                  .Buckets([](const Reading& r) { return "sensor=" + r.sensor; }));
///
/// `Format` knows how a record is written:
///   using Options; Format(Options); std::string Mistake() const
///   static constexpr const char* kSuffix            of the files' names
///   template <class T> void Begin(std::string& out) const       what stands at a file's beginning
///   template <class T> void Append(const T&, std::string& out) const
template <class Format, class BucketFn = internal::OneFolder>
class FileSink {
  static constexpr bool kBuckets = !std::is_same_v<BucketFn, internal::OneFolder>;
  template <class T>
  static constexpr bool kTimed = std::is_invocable_v<const BucketFn&, const T&, EventTime>;
  /// The bucket function takes records of type T.
  template <class T>
  static constexpr bool kDeals = !kBuckets || std::is_same_v<BucketFn, TimeBuckets> || kTimed<T> ||
                                 std::is_invocable_v<const BucketFn&, const T&>;

 public:
  /// The folder is made if need be.
  explicit FileSink(std::string folder, typename Format::Options options = {})
    requires(!kBuckets)
      : folder_(std::move(folder)), format_(std::move(options)) {}

  /// The record with which a file has this many bytes is its last.
  FileSink RollAt(std::int64_t bytes) const {
    FileSink sink = *this;
    sink.policy_.bytes = bytes;
    return sink;
  }
  /// No record joins a file that was opened so long ago.
  FileSink RollAfter(Duration open) const {
    FileSink sink = *this;
    sink.policy_.after_millis = open.count();
    return sink;
  }
  /// No record joins a file whose last one is so long ago: buckets that get no more records free their files.
  FileSink RollInactive(Duration inactive) const {
    FileSink sink = *this;
    sink.policy_.inactive_millis = inactive.count();
    return sink;
  }
  /// A folder in the sink's folder for each bucket: `std::string fn(const T&)`, or `fn(const T&, EventTime)`; or
  /// EventTimeHours() and its like. A name with '/' is a path, "a/b"; no part of it may be empty or begin with '.'.
  template <class F>
  FileSink<Format, F> Buckets(F fn) const {
    return FileSink<Format, F>(folder_, format_, policy_, std::move(fn));
  }
  /// What is wrong with it; empty when nothing is.
  std::string Mistake() const {
    const std::string mistake = format_.Mistake();
    return mistake.empty() ? policy_.Mistake() : mistake;
  }
  /// What it writes, so that no two sinks write the same.
  std::string Target() const { return PartFiles::NamesOf(folder_, Format::kSuffix); }

  class Writer {
   public:
    Writer(const FileSink& sink, const WriterContext& context)
        : format_(sink.format_),
          bucket_(sink.bucket_),
          clock_(context.clock),
          files_(sink.folder_, Format::kSuffix, sink.policy_, kBuckets, context) {}

    template <class T>
      requires(kDeals<T>)
    void Write(const T& record, EventTime time) {
      OpenPart& part = PartOf(record, time);
      format_.Append(record, part.text);
      part.text += '\n';
      files_.EndRecord(part);
    }
    void Flush() {
      files_.EndStep();
      now_known_ = false;
    }
    std::vector<std::string> PrepareCommit() { return files_.PrepareCommit(); }
    void Commit(const std::vector<std::string>& committables) { files_.Commit(committables); }
    void AbortLeftovers() { files_.AbortLeftovers(); }
    void Close() { files_.Close(); }

   private:
    template <class T>
    OpenPart& PartOf(const T& record, EventTime time) {
      if constexpr (!kBuckets) {
        return Named<T>(std::string_view());
      } else if constexpr (std::is_same_v<BucketFn, TimeBuckets>) {
        return Named<T>(bucket_.NameOf(bucket_.event_time() ? time : Now()));
      } else {
        if constexpr (kTimed<T>) {
          return Named<T>(std::as_const(bucket_)(record, time));
        } else {
          return Named<T>(std::as_const(bucket_)(record));
        }
      }
    }
    template <class T, class Name>
    OpenPart& Named(const Name& name) {
      OpenPart* const last = files_.Last(name);
      return last != nullptr ? *last : Begun<T>(name);
    }
    template <class T>
    OpenPart& Begun(std::string_view bucket) {
      OpenPart& part = files_.Find(bucket);
      if (!std::exchange(part.begun, true)) format_.template Begin<T>(part.text);
      return part;
    }
    /// The clock is read once in a step.
    EventTime Now() {
      if (!now_known_) now_ = EventTime::FromMillis(clock_->WallMillis());
      now_known_ = true;
      return now_;
    }

    Format format_;
    BucketFn bucket_;
    const Clock* clock_;
    EventTime now_;
    bool now_known_ = false;
    PartFiles files_;
  };
  Writer CreateWriter(const WriterContext& context) const { return Writer(*this, context); }

 private:
  template <class F, class B>
  friend class FileSink;
  FileSink(std::string folder, Format format, const RollingPolicy& policy, BucketFn bucket)
      : folder_(std::move(folder)),
        format_(std::move(format)),
        policy_(policy),
        bucket_(std::move(bucket)) {}

  std::string folder_;
  Format format_;
  RollingPolicy policy_;
  [[no_unique_address]] BucketFn bucket_;
};

}  // namespace millrace
