// Large files of this machine: whatever the sizes of what is appended, and wherever Sync comes, the bytes are there; and they are
// read back at any place.
#include "src/storage/local_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/io/bytes.h"
#include "millrace/storage/file_system.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

class LocalFilesTest : public ::testing::Test {
 protected:
  LocalFilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "millrace-files-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~LocalFilesTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

std::string Bytes(Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; i += 1 + random.Uniform(64))
    bytes[i] = static_cast<char>(random.Uniform(256));
  return bytes;
}

TEST_F(LocalFilesTest, WhatIsWrittenIsReadBack) {
  int number = 0;
  for (const std::uint64_t seed : test_support::Seeds(1, 30)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::string path = folder_ + "/" + std::to_string(++number);
    FileSystem& files = LocalFileSystem();
    auto created = random.Chance(0.8) ? files.CreateLarge(path) : files.Create(path);
    ASSERT_TRUE(created.ok()) << created.status();
    std::string content;
    for (std::uint64_t n = random.Uniform(40); n > 0; --n) {
      // Some pieces at once, some of which stand in memory as they will in the file.
      std::vector<ByteWriter> pieces;
      std::vector<std::string_view> views;
      for (std::uint64_t many = random.Chance(0.7) ? 1 : random.Uniform(200); many > 0; --many) {
        const std::string bytes =
            Bytes(random, random.Uniform(std::uint64_t{1} << random.Uniform(many > 10 ? 10 : 20)));
        const std::size_t phase = random.Chance(0.6) ? content.size() : random.Uniform(5000);
        pieces.push_back(ByteWriter::Placed(phase % ByteWriter::kPage, bytes.size()));
        pieces.back().PutBytes(bytes.data(), bytes.size());
        views.push_back(pieces.back().view());
        content += bytes;
      }
      ASSERT_TRUE((views.size() == 1 ? created.value()->Append(views[0])
                                     : created.value()->AppendAll(views))
                      .ok());
      for (ByteWriter& piece : pieces) std::memset(piece.data(), '#', piece.size());  // they may go
      if (random.Chance(0.02)) ASSERT_TRUE(created.value()->Sync().ok());
    }
    if (random.Chance(0.9)) ASSERT_TRUE(created.value()->Sync().ok());
    ASSERT_TRUE(created.value()->Close().ok());
    auto opened = files.Open(path);
    ASSERT_TRUE(opened.ok()) << opened.status();
    ASSERT_EQ(opened.value()->size(), content.size());
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t begin = random.Uniform(content.size() + 1);
      const std::uint64_t size = random.Uniform(content.size() - begin + 1);
      std::string bytes(size, '\0');
      ASSERT_TRUE(opened.value()->ReadAt(begin, bytes.data(), size).ok());
      ASSERT_EQ(bytes, content.substr(begin, size));
    }
    std::string beyond(200000, '\0');
    if (content.size() >= beyond.size())
      EXPECT_EQ(
          opened.value()->ReadAt(content.size() - 100000, beyond.data(), beyond.size()).code(),
          StatusCode::kDataLoss);
  }
}

// A file that does not begin where a page does: a disk refuses what comes past the page cache then.
TEST_F(LocalFilesTest, WhatIsRefusedThereGoesTheOrdinaryWay) {
  for (const std::uint64_t seed : test_support::Seeds(1, 10)) {
    Random random(seed);
    const std::string path = folder_ + "/odd" + std::to_string(seed);
    std::string content = "begins oddly";
    Descriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    ASSERT_EQ(write(fd.get(), content.data(), content.size()), std::ssize(content));
    const std::size_t before = content.size();
    LocalWritableFile file(std::move(fd), path, /*large=*/true);
    for (int i = 0; i < 12; ++i) {
      const std::string bytes = Bytes(random, random.Uniform(600000));
      const std::size_t phase = random.Chance(0.7) ? content.size() - before : 0;
      ByteWriter placed = ByteWriter::Placed(phase % ByteWriter::kPage, bytes.size());
      placed.PutBytes(bytes.data(), bytes.size());
      const std::string_view pieces[] = {placed.view(), "and a few bytes"};
      ASSERT_TRUE(file.AppendAll(pieces).ok());
      content += bytes + "and a few bytes";
    }
    ASSERT_TRUE(file.Sync().ok());
    ASSERT_TRUE(file.Close().ok());
    auto opened = LocalFileSystem().Open(path);
    ASSERT_TRUE(opened.ok()) << opened.status();
    ASSERT_EQ(opened.value()->size(), content.size());
    std::string read(content.size(), '\0');
    ASSERT_TRUE(opened.value()->ReadAt(0, read.data(), read.size()).ok());
    ASSERT_TRUE(read == content) << "seed " << seed;
  }
}

}  // namespace
}  // namespace millrace
