// Protobuf messages as records: the codec of messages, and jobs of them.
#include "millrace/protobuf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/millrace.h"
#include "millrace/testing/testing.h"
#include "sensors.pb.h"
#include "sensors_lite.pb.h"
#include "tests/support/child_job.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using sensors::Count;
using sensors::Place;
using sensors::Reading;

struct Envelope {
  std::int64_t number = 0;
  Reading reading;
  std::vector<Place> places;
  std::optional<Reading> corrected;
  std::variant<std::int64_t, Place> origin;
};
MILLRACE_RECORD(Envelope, number, reading, places, corrected, origin);

static_assert(kSerializable<Reading> && kSerializable<Envelope> && kSerializable<Count>);
static_assert(kSerializable<std::map<std::string, Reading>>);
static_assert(!kIsKey<Reading> && !kIsKey<Envelope> && !kIsKey<std::pair<int, Reading>>);
static_assert(!kSerializable<google::protobuf::Message> &&
              !kSerializable<google::protobuf::MessageLite>);
static_assert(!kHasStringView<Envelope> && !kIsBulk<Place>);

Reading Sample() {
  Reading r;
  r.set_sensor("roof");
  r.set_time_ms(1000);
  r.set_value(20.5);
  r.add_tags("a tag of more than fifteen characters");
  r.add_tags("ü");
  r.mutable_place()->set_latitude(52.5);
  r.mutable_place()->add_near()->set_longitude(13.4);
  r.set_port(0);
  return r;
}

template <class T>
std::string Encoded(const T& value) {
  ByteWriter out;
  Encode(value, out);
  return std::string(out.view());
}
template <class T>
bool Decoded(std::string_view bytes, T* value) {
  ByteReader in(bytes);
  return Decode(in, *value) && in.AtEnd();
}

TEST(Protobuf, AMessageComesBackAsItWas) {
  Reading back;
  back.set_quality(3);  // of the record that was here before
  back.add_tags("old");
  ASSERT_TRUE(Decoded(Encoded(Sample()), &back));
  EXPECT_EQ(back.SerializeAsString(), Sample().SerializeAsString());
  EXPECT_FALSE(back.has_quality());
  EXPECT_EQ(back.origin_case(), Reading::kPort);
  ASSERT_TRUE(Decoded(Encoded(Reading()), &back));
  EXPECT_TRUE(Equal(back, Reading()));
}

TEST(Protobuf, BytesAreALengthAndWhatProtobufWrites) {
  Place place;
  place.set_latitude(1);
  const std::string bytes = place.SerializeAsString();
  EXPECT_EQ(Encoded(place), std::string("\x09\0\0\0", 4) + bytes);
  EXPECT_EQ(Encoded(Place()), std::string(4, '\0'));
}

TEST(Protobuf, MessagesArePartsOfOtherRecords) {
  Envelope e{7, Sample(), {Place(), Sample().place()}, Sample(), Sample().place()};
  Envelope back;
  back.origin = 5;
  ASSERT_TRUE(Decoded(Encoded(e), &back));
  EXPECT_TRUE(Equal(e, back));
  back.corrected->set_value(21);
  EXPECT_FALSE(Equal(e, back));
  EXPECT_EQ(ToText(Envelope{}), "{number: 0, reading: {}, places: [], corrected: null, origin: 0}");
}

TEST(Protobuf, EqualMapsHaveEqualBytes) {
  for (const std::uint64_t seed : test_support::Seeds(1, 20)) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<std::string> keys;
    for (int i = 0; i < 50; ++i) keys.push_back(std::to_string(i));
    Reading a;
    Reading b;
    for (const std::string& key : keys) (*a.mutable_counters())[key] = 1;
    for (std::size_t i = keys.size(); i > 1; --i) std::swap(keys[i - 1], keys[random.Uniform(i)]);
    for (const std::string& key : keys) (*b.mutable_counters())[key] = 1;
    EXPECT_EQ(Encoded(a), Encoded(b));
    EXPECT_TRUE(Equal(a, b));
    EXPECT_EQ(Compare(a, b), std::weak_ordering::equivalent);
    (*b.mutable_counters())["0"] = 2;
    EXPECT_FALSE(Equal(a, b));
  }
}

TEST(Protobuf, FieldsOfANewerVersionPassThrough) {
  Place place;
  ASSERT_TRUE(place.ParseFromString(Sample().SerializeAsString()));  // most of it is unknown
  Place back;
  ASSERT_TRUE(Decoded(Encoded(place), &back));
  EXPECT_EQ(back.SerializeAsString(), place.SerializeAsString());
}

TEST(Protobuf, AMissingRequiredFieldIsNoErrorOnTheWay) {
  Count count;
  count.set_count(3);
  Count back;
  ASSERT_TRUE(Decoded(Encoded(count), &back));
  EXPECT_FALSE(back.has_sensor());
  EXPECT_EQ(back.count(), 3);
}

TEST(Protobuf, DamagedBytesDoNotDecode) {
  const std::string good = Encoded(Sample());
  for (std::size_t size = 0; size < good.size(); ++size) {
    Reading r;
    EXPECT_FALSE(Decoded(good.substr(0, size), &r)) << size;
  }
  Reading r;
  EXPECT_FALSE(Decoded(std::string(4, '\xff') + good, &r)) << "a length of 4 GiB";
  EXPECT_FALSE(Decoded(std::string("\x02\0\0\0\x0a\x7f", 6), &r))
      << "a text longer than its message";
  EXPECT_FALSE(Decoded(std::string("\x01\0\0\0\x07", 5), &r)) << "a wire type that is none";
  EXPECT_FALSE(Decoded(std::string("\x03\0\0\0\x0a\x01\xff", 7), &r)) << "a text that is not UTF-8";
  EXPECT_TRUE(Decoded(good, &r)) << "and the object is still good";
  EXPECT_TRUE(Equal(r, Sample()));
}

TEST(Protobuf, MessagesNestedTooDeeplyDoNotDecode) {
  Place root;
  Place* place = &root;
  for (int i = 0; i < 200; ++i) place = place->add_near();
  Place back;
  EXPECT_FALSE(Decoded(Encoded(root), &back));
}

TEST(Protobuf, AnyBytesDecodeOrDoNot) {
  for (const std::uint64_t seed : test_support::Seeds(1, 200)) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::string bytes = Encoded(Sample());
    for (std::uint64_t n = 1 + random.Uniform(8); n > 0; --n) {
      bytes[4 + random.Uniform(bytes.size() - 4)] = static_cast<char>(random.Uniform(256));
    }
    Reading r = Sample();
    Reading again;
    if (!Decoded(bytes, &r)) continue;
    EXPECT_TRUE(Decoded(Encoded(r), &again));
    EXPECT_TRUE(Equal(r, again));
  }
}

TEST(Protobuf, PrintedAsProtobufPrintsInOneLine) {
  EXPECT_EQ(ToText(Reading()), "{}");
  EXPECT_EQ(
      ToText(Sample()), "{" + [] {
        std::string text = Sample().ShortDebugString();
        text.replace(text.find("\\303\\274"), 8, "ü");  // texts are shown as they are
        return text;
      }() + "}");
  Count count;
  count.set_sensor("roof");
  EXPECT_EQ(ToText(count), "{sensors.Count, 6 bytes}");
}

TEST(Protobuf, SchemaIsTheNameAndAHashOfAllThatIsReached) {
  const std::string reading = SchemaTextOf<Reading>();
  // The hash is part of state's schema: the same in all builds.
  EXPECT_EQ(reading, "custom<protobuf sensors.Reading 799bfce33c9e7d15>");
  EXPECT_NE(reading, SchemaTextOf<Place>());
  EXPECT_EQ(SchemaTextOf<std::optional<Count>>(), "optional<custom<protobuf sensors.Count>>");
}

TEST(Protobuf, MemoryIsCounted) {
  Reading r;
  EXPECT_EQ(DynamicBytes(r), 0U);
  r.set_sensor(std::string(1000, 'x'));
  EXPECT_GE(DynamicBytes(r), 1000U);
  EXPECT_GE(HeldBytes(r), 1000U);
  EXPECT_LE(HeldBytes(r), 1200U);
  static_assert(kHasHeap<Reading>);
}

TEST(Protobuf, RecordsThatTakeTurnsKeepTheirMemory) {
  Reading slot;
  Reading row = Sample();
  const char* text = row.tags(0).data();
  MoveInto(slot, row);
  EXPECT_EQ(slot.tags(0).data(), text);
  const std::string bytes = Encoded(Sample());
  ASSERT_TRUE(Decoded(bytes, &slot));
  EXPECT_EQ(slot.tags(0).data(), text) << "decoded into what was there";
  CopyInto(slot, Sample());
  EXPECT_EQ(slot.tags(0).data(), text);
}

// Jobs.

Reading Numbered(std::int64_t i) {
  Reading r;
  r.set_sensor("sensor " + std::to_string(i % 3));
  r.set_time_ms(i * 1000);
  r.set_value(static_cast<double>(i));
  (*r.mutable_counters())["a counter"] = i;
  return r;
}
std::vector<Reading> Readings(int n) {
  std::vector<Reading> readings;
  for (int i = 0; i < n; ++i) readings.push_back(Numbered(i));
  return readings;
}

/// A message for each one that a sensor sends: its value and the sum of those before.
struct Sums : KeyedProcessFunction<std::string, Reading, Reading> {
  ValueState<Reading> before{this, "before"};
  ListState<Place> places{this, "places"};
  MapState<std::int64_t, Reading> all{this, "all"};
  void ProcessElement(const Reading& r, Context&, Collector<Reading>& out) {
    before.Mutable().set_value(before.Get().value() + r.value());
    places.Add(r.place());
    all.Put(r.time_ms(), r);
    Reading& next = out.Next();
    next.Clear();
    next.set_sensor(r.sensor());
    next.set_time_ms(r.time_ms());
    next.set_value(before.Get().value());
  }
};

TEST(Protobuf, StateInAHarness) {
  auto h = testing::KeyedProcessHarness([](const Reading& r) { return r.sensor(); }, Sums{});
  for (int i = 0; i < 6; ++i) h.Push(Numbered(i), testing::At(i * 1000));
  const auto out = h.TakeRecords();
  ASSERT_EQ(out.size(), 6U);
  EXPECT_EQ(out[5].sensor(), "sensor 2");
  EXPECT_EQ(out[5].value(), 2 + 5);
  EXPECT_EQ(out[5].counters_size(), 0) << "a recycled record that was cleared";
  EXPECT_EQ(h.StateRows(), 3U);
}

TEST(Protobuf, JobsUnderBothDriversAndExchanges) {
  for (const testing::TestCluster& driver : testing::TestCluster::BothDrivers()) {
    for (const char* exchange : {"local", "serialized"}) {
      const auto cluster = driver.Parallelism(3).Option("exchange", exchange);
      SCOPED_TRACE(cluster.ToString());
      auto sums = cluster.Collect([](StreamEnvironment& env) {
        return env
            .FromCollection("readings", Readings(300),
                            WatermarkStrategy<Reading>::Monotonous().WithTimestamp(
                                [](const Reading& r) { return r.time_ms(); }, Unit::kMilliseconds))
            .Filter([](const Reading& r) { return r.counters().at("a counter") >= 0; })
            .Rebalance()
            .KeyBy([](const Reading& r) -> const std::string& { return r.sensor(); })
            .Process("sums", Sums{});
      });
      ASSERT_TRUE(sums.ok()) << sums.status().ToString();
      ASSERT_EQ(sums.value().size(), 300U);
      double most = 0;
      for (const Reading& r : sums.value()) most = std::max(most, r.value());
      EXPECT_EQ(most, 99 * 100 / 2 * 3 + 2 * 100);  // of "sensor 2"
    }
  }
}

TEST(Protobuf, AMessageThatProtobufDoesNotReadBackFailsTheJob) {
  Reading broken;
  broken.set_sensor("not UTF-8: \xff");
  for (const testing::TestCluster& cluster : testing::TestCluster::BothDrivers()) {
    SCOPED_TRACE(cluster.ToString());
    for (const int parallelism : {1, 2}) {  // chained, and between tasks
      const Status status =
          cluster.Parallelism(parallelism)
              .Option("exchange", "serialized")
              .Collect([&](StreamEnvironment& env) {
                return env.FromCollection("readings", std::vector<Reading>{broken})
                    .Rebalance()
                    .Filter([](const Reading&) { return true; });
              })
              .status();
      EXPECT_EQ(status.code(), StatusCode::kAborted);
      EXPECT_NE(status.message().find("Protobuf message with text that is not UTF-8"),
                std::string::npos)
          << status.ToString();
    }
  }
}

TEST(Protobuf, WindowsOfMessages) {
  for (const testing::TestCluster& cluster : testing::TestCluster::BothDrivers()) {
    SCOPED_TRACE(cluster.ToString());
    auto largest = cluster.Option("exchange", "serialized").Collect([](StreamEnvironment& env) {
      return env
          .FromCollection("readings", Readings(30),
                          WatermarkStrategy<Reading>::Monotonous().WithTimestamp(
                              [](const Reading& r) { return r.time_ms(); }, Unit::kMilliseconds))
          .KeyBy([](const Reading& r) { return r.sensor(); })
          .Window(TumblingEventTime(std::chrono::seconds(30)))
          .Reduce("largest",
                  [](const Reading& a, const Reading& b) { return a.value() < b.value() ? b : a; });
    });
    ASSERT_TRUE(largest.ok()) << largest.status().ToString();
    ASSERT_EQ(largest.value().size(), 3U);
  }
}

class Job : public ChildJob {
 public:
  Job(const std::string& mode, std::vector<std::string> arguments)
      : ChildJob(PROTOBUF_JOB, mode, std::move(arguments)) {}
  std::vector<std::string> Lines() {
    std::istringstream in(printed());
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
      lines.push_back(line.substr(line.find('{')));  // behind the subtask that printed it
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }
};

TEST(Protobuf, AProgramLocalSerializedAndIsolated) {
  const std::vector<std::vector<std::string>> settings = {
      {}, {"--isolated"}, {"--isolated", "-D", "exchange=serialized"}, {"-D", "driver=seeded"}};
  for (std::vector<std::string> arguments : settings) {
    SCOPED_TRACE(arguments.empty() ? "" : arguments.back());
    arguments.insert(arguments.end(), {"--parallelism", "2"});
    Job job("fine", arguments);
    EXPECT_EQ(job.End(), 0) << job.said();
    EXPECT_EQ(job.Lines(),
              (std::vector<std::string>{
                  R"({sensor: "sensor 0" value: 8 counters { key: "seen" value: 5 }})",
                  R"({sensor: "sensor 1" value: 9 counters { key: "seen" value: 5 }})"}));
  }
}

TEST(Protobuf, AnErrorShowsTheMessage) {
  Job job("throw", {});
  EXPECT_EQ(job.End(), 1);
  EXPECT_NE(job.said().find(R"({sensor: "sensor 1" value: 9 tags: "a tag)"), std::string::npos)
      << job.said();
}

TEST(Protobuf, ThePlanShowsTheSchema) {
  Job job("fine", {"--explain"});
  EXPECT_EQ(job.End(), 0) << job.said();
  EXPECT_NE(job.printed().find(SchemaTextOf<Reading>()), std::string::npos) << job.printed();
}

}  // namespace
}  // namespace millrace
