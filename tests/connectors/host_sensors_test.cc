#include "millrace/connectors/host_sensors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "millrace/millrace.h"

namespace millrace {
namespace {

class HostProbeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "millrace-host-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void Put(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  static std::map<std::string, double> ByName(const std::vector<SensorReading>& readings) {
    std::map<std::string, double> values;
    for (const auto& r : readings) values[r.sensor] = r.value;
    return values;
  }
  std::string root_;
};

TEST_F(HostProbeTest, ReadsWhatTheMachineShows) {
  HostProbe probe(root_);
  EXPECT_TRUE(probe.Sample(EventTime::FromMillis(1)).empty()) << "nothing to read is no error";
  Put("/proc/stat", "cpu  100 0 0 100 0 0 0 0 0 0\nintr 5\n");
  Put("/proc/meminfo", "MemTotal: 9 kB\nMemAvailable:    2048 kB\n");
  Put("/proc/loadavg", "0.50 0.1 0.1 1/2 3\n");
  Put("/sys/class/hwmon/hwmon0/name", "chip\n");
  Put("/sys/class/hwmon/hwmon0/temp1_input", "41500\n");
  Put("/sys/class/hwmon/hwmon0/temp2_input", "42000\n");
  Put("/sys/class/hwmon/hwmon0/temp2_label", "Core 1\n");
  Put("/sys/class/thermal/thermal_zone0/temp", "30000\n");
  Put("/proc/net/dev", "Inter-| Receive\n face |bytes\n  eth0: 1024 0 0 0 0 0 0 0 2048 0\n");
  Put("/proc/diskstats", "8 0 sda 1 1 100 1 1 1 200 1\n7 0 loop0 1 1 1 1 1 1 1 1\nbroken\n");
  auto first = ByName(probe.Sample(EventTime::FromMillis(1000)));
  EXPECT_EQ(first, (std::map<std::string, double>{{"memory available MB", 2},
                                                  {"load 1 min", 0.5},
                                                  {"temperature chip temp1 C", 41.5},
                                                  {"temperature chip Core 1 C", 42},
                                                  {"temperature thermal_zone0 C", 30}}));
  Put("/proc/stat", "cpu  175 0 0 125 0 0 0 0 0 0\n");
  Put("/proc/net/dev", "eth0: 3072 0 0 0 0 0 0 0 1024 0\n");  // what was sent has begun anew
  Put("/proc/diskstats", "8 0 sda 1 1 300 1 1 1 200 1\n");
  auto second = ByName(probe.Sample(EventTime::FromMillis(3000)));
  EXPECT_EQ(second["cpu busy %"], 75);
  EXPECT_EQ(second["net eth0 in KB/s"], 1);
  EXPECT_EQ(second.count("net eth0 out KB/s"), 0u);
  EXPECT_EQ(second["disk sda read KB/s"], 50);
  EXPECT_EQ(second["disk sda write KB/s"], 0);
}

TEST(HostSensors, AJobReadsThisMachineForAWhile) {
  StreamEnvironment env;
  env.SetOption("driver", "seeded");  // on a manual clock: three seconds pass at once
  auto readings =
      env.FromSource(
             "sensors", HostSensors(Duration(100)).For(Duration(3000)),
             WatermarkStrategy<SensorReading>::Monotonous().WithTimestamp(&SensorReading::time))
          .Filter([](const SensorReading& r) { return r.sensor == "load 1 min"; })
          .ExecuteAndCollect();
  ASSERT_TRUE(readings.ok()) << readings.status().ToString();
  ASSERT_EQ(readings.value().size(), 30u);
  for (std::size_t i = 1; i < 30; ++i)
    EXPECT_EQ((readings.value()[i].time - readings.value()[i - 1].time).count(), 100);
  StreamEnvironment wrong;
  wrong.FromSource("sensors", HostSensors(Duration(0)).For(Duration(1)))
      .SinkTo("out", BlackholeSink{});
  const Status status = wrong.Run("wrong").status;
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("'sensors': HostSensors: the interval is 0 ms"),
            std::string::npos)
      << status.message();
}

}  // namespace
}  // namespace millrace
