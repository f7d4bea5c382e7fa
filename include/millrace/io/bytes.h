#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

namespace millrace {

static_assert(std::endian::native == std::endian::little, "the codec stores memory as it is");

/// A growable buffer of bytes, written at its end. Keeps its memory when cleared.
class ByteWriter {
 public:
  ByteWriter() = default;
  ~ByteWriter();
  ByteWriter(ByteWriter&& other) noexcept { swap(other); }
  ByteWriter& operator=(ByteWriter&& other) noexcept {
    swap(other);
    return *this;
  }
  ByteWriter(const ByteWriter&) = delete;
  ByteWriter& operator=(const ByteWriter&) = delete;

  /// An empty one with room for `capacity` bytes, of which the first stands `phase` < kPage bytes behind the begin of a page:
  /// from there a file takes them without a copy, at a place of the same phase. Good until it grows.
  static constexpr std::size_t kPage = 4096;
  static ByteWriter Placed(std::size_t phase, std::size_t capacity);

  const char* data() const { return begin_; }
  char* data() { return begin_; }
  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t capacity() const { return static_cast<std::size_t>(end_ - begin_); }
  bool empty() const { return at_ == begin_; }
  std::string_view view() const { return {begin_, size()}; }
  void Clear() { at_ = begin_; }
  /// Drops what was written after the first `size` bytes.
  void Truncate(std::size_t size) { at_ = begin_ + size; }

  /// Makes room for `bytes` more.
  void Reserve(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) [[unlikely]]
      Grow(bytes);
  }
  /// Where the next byte goes. The unchecked way to write: Reserve(n), fill n bytes from end(), Advance(n).
  char* end() { return at_; }
  void Advance(std::size_t bytes) { at_ += bytes; }

  /// A number as fixed-width little endian.
  template <class N>
  void Put(N value) {
    static_assert(std::is_arithmetic_v<N>);
    Reserve(sizeof(N));
    std::memcpy(at_, &value, sizeof(N));
    at_ += sizeof(N);
  }
  void PutBytes(const void* bytes, std::size_t size) {
    Reserve(size);
    if (size != 0) std::memcpy(at_, bytes, size);
    at_ += size;
  }
  /// u32 length, then the bytes. At most 2^32 - 1 bytes (more is a broken invariant).
  void PutString(std::string_view text) {
    PutCount(text.size());
    PutBytes(text.data(), text.size());
  }
  /// A number of elements as u32.
  void PutCount(std::size_t count) {
    if (count > UINT32_MAX) [[unlikely]]
      CountTooLarge();
    Put(static_cast<std::uint32_t>(count));
  }
  /// Overwrites bytes written earlier, e.g. a length that was not known yet.
  template <class N>
  void PatchAt(std::size_t offset, N value) {
    std::memcpy(begin_ + offset, &value, sizeof(N));
  }

  void swap(ByteWriter& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(begin_, other.begin_);
    std::swap(at_, other.at_);
    std::swap(end_, other.end_);
    std::swap(pooled_, other.pooled_);
  }

 private:
  void Grow(std::size_t bytes);
  void Free();
  [[noreturn]] static void CountTooLarge();

  char* block_ = nullptr;  // what is to be freed
  char* begin_ = nullptr;
  char* at_ = nullptr;
  char* end_ = nullptr;
  bool pooled_ = false;  // block_ is one of WriteBlocks
};

/// Reads bytes that may be hostile. The first read beyond the end (or Fail) makes every later one fail
/// too, so that a caller may check ok() once. Does not own the bytes.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes)
      : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return !failed_; }
  /// Bytes not read yet; 0 after a failure.
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  /// Bytes read so far.
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  bool AtEnd() const { return ok() && at_ == end_; }

  /// The next `size` bytes, or null (and failed) when there are fewer.
  const char* Take(std::size_t size) {
    if (remaining() < size || failed_) [[unlikely]] {
      Fail();
      return nullptr;
    }
    const char* bytes = at_;
    at_ += size;
    return bytes;
  }
  /// The next byte, if there is one.
  const char* Peek() const { return at_; }
  /// A fixed-width little-endian number; false at the end of the bytes.
  template <class N>
  bool Get(N* value) {
    static_assert(std::is_arithmetic_v<N> && !std::is_same_v<N, bool>);
    const char* bytes = Take(sizeof(N));
    if (bytes == nullptr) [[unlikely]]
      return false;
    std::memcpy(value, bytes, sizeof(N));
    return true;
  }
  /// A string as PutString wrote it; the view points into the bytes read.
  bool GetString(std::string_view* text) {
    std::uint32_t size = 0;
    if (!Get(&size)) return false;
    const char* bytes = Take(size);
    if (bytes == nullptr) return false;
    *text = {bytes, size};
    return true;
  }
  /// The number of elements that follow, each at least `min_bytes` (> 0) long: fails at once when the
  /// bytes left can't hold them, so that a hostile count allocates nothing.
  bool GetCount(std::size_t min_bytes, std::uint32_t* count) {
    if (!Get(count)) return false;
    if (*count > remaining() / min_bytes) return Fail();
    return true;
  }
  /// Always false.
  bool Fail() {
    failed_ = true;
    at_ = end_;
    return false;
  }

 private:
  const char* begin_;
  const char* at_;
  const char* end_;
  bool failed_ = false;
};

}  // namespace millrace
