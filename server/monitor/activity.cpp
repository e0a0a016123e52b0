// SPDX-License-Identifier: MIT

#include "activity.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace loopscope::monitor {
namespace {

constexpr unsigned index_bits = 32;

// The index is stored plus 1, so that no ticket is 0.
std::uint64_t ticket_of(std::size_t index, std::uint32_t generation) {
  return (static_cast<std::uint64_t>(generation) << index_bits) | (index + 1);
}

std::size_t index_of(std::uint64_t ticket) {
  return static_cast<std::size_t>(ticket & 0xffffffffU) - 1;
}

std::uint32_t generation_of(std::uint64_t ticket) {
  return static_cast<std::uint32_t>(ticket >> index_bits);
}

// How much of a text fits with its final zero byte. A multi-byte character is never cut in two.
std::size_t fitting_size(std::string_view text, std::size_t bytes) {
  std::size_t size = std::min(text.size(), bytes - 1);
  if (size == text.size()) return size;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;
  return size;
}

}  // namespace

activity::activity(std::shared_ptr<activity_slot> slot, std::uint64_t id, std::string_view route,
                   std::string_view query)
    : slot_(std::move(slot)), ticket_(slot_->open(id, route, query)) {}

activity::~activity() {
  if (ticket_ != 0) slot_->close(ticket_);
}

activity_slot::activity_slot(std::size_t capacity)
    : capacity_(std::max<std::size_t>(1, capacity)), records_(std::make_unique<record[]>(capacity_)) {}

std::uint64_t activity_slot::open(std::uint64_t id, std::string_view route, std::string_view query) noexcept {
  const auto first = hint_.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < capacity_; ++i) {
    const auto index = (first + i) % capacity_;
    auto& r = records_[index];
    if (r.taken.load(std::memory_order_relaxed) || r.taken.exchange(true, std::memory_order_acquire)) continue;

    std::array<std::uint64_t, words> content{};
    content[0] = id;
    auto* text = reinterpret_cast<char*>(&content[1]);
    std::memcpy(text, route.data(), fitting_size(route, route_bytes));
    std::memcpy(text + route_bytes, query.data(), fitting_size(query, query_bytes));

    const auto before = r.sequence.load(std::memory_order_relaxed);
    r.sequence.store(before + 1, std::memory_order_relaxed);
    // Each word is a release store, so that a reader that sees one of them also sees the odd sequence number. One fence
    // would do the same, but ThreadSanitizer does not model fences.
    for (std::size_t w = 0; w < words; ++w) r.content[w].store(content[w], std::memory_order_release);
    r.sequence.store(before + 2, std::memory_order_release);
    return ticket_of(index, before + 2);
  }
  dropped_.fetch_add(1, std::memory_order_relaxed);
  return 0;
}

void activity_slot::close(std::uint64_t ticket) noexcept {
  auto& r = records_[index_of(ticket)];
  // The next even number: from now on the ticket is an old one, even while the record is not reused.
  r.sequence.store(generation_of(ticket) + 2, std::memory_order_release);
  r.taken.store(false, std::memory_order_release);
}

std::optional<request_info> activity_slot::read() const {
  const auto ticket = current();
  if (ticket == 0) return std::nullopt;
  const auto& r = records_[index_of(ticket)];
  if (r.sequence.load(std::memory_order_acquire) != generation_of(ticket)) return std::nullopt;
  std::array<std::uint64_t, words> content{};
  for (std::size_t w = 0; w < words; ++w) content[w] = r.content[w].load(std::memory_order_acquire);
  if (r.sequence.load(std::memory_order_relaxed) != generation_of(ticket)) return std::nullopt;

  const auto* text = reinterpret_cast<const char*>(&content[1]);
  return request_info{content[0], std::string(text), std::string(text + route_bytes)};
}

}  // namespace loopscope::monitor
