// A byte buffer that grows, reports lack of memory instead of throwing, and can hand its memory over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

class Bytes {
 public:
  Bytes() = default;
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { free(data_); }

  uint8_t* data() { return data_; }
  uint8_t* end() { return data_ + size_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  size_t room() const { return capacity_ - size_; }

  /** Makes room for `count` bytes after the end. False when there is no memory. */
  bool reserve(size_t count) {
    if (room() >= count) return true;
    size_t wanted = size_ + count > 2 * capacity_ ? size_ + count : 2 * capacity_;
    void* grown = realloc(data_, wanted);
    if (grown == nullptr) return false;
    data_ = static_cast<uint8_t*>(grown);
    capacity_ = wanted;
    return true;
  }

  /** Counts `count` bytes that were written at the end. */
  void commit(size_t count) { size_ += count; }

  bool append(const void* bytes, size_t count) {
    if (!reserve(count)) return false;
    if (count > 0) memcpy(end(), bytes, count);
    size_ += count;
    return true;
  }

  void clear() { size_ = 0; }

  void swap(Bytes& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  /** The memory, now the caller's to free. */
  uint8_t* release() {
    uint8_t* released = data_;
    data_ = nullptr;
    size_ = capacity_ = 0;
    return released;
  }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};
