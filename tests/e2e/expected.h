#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace nexmark {

/// A row of benchmarks/data/expected_*.csv.
struct Expected {
  std::string query, rows, checksum;
  std::int64_t events = 0, tps = 0;
};

inline std::vector<Expected> ReadExpected(const std::string& file) {
  std::ifstream in(std::string(MILLRACE_SOURCE_DIR) + "/benchmarks/data/" + file);
  EXPECT_TRUE(in.good()) << file;
  std::vector<Expected> all;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream f(line);
    Expected e;
    std::string events, tps;
    std::getline(f, e.query, ',');
    std::getline(f, events, ',');
    std::getline(f, tps, ',');
    std::getline(f, e.rows, ',');
    std::getline(f, e.checksum, ',');
    e.events = std::stoll(events);
    e.tps = std::stoll(tps);
    all.push_back(e);
  }
  return all;
}

}  // namespace nexmark
