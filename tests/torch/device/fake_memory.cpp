#include "fake_memory.h"

#include <c10/util/Exception.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <iterator>

namespace fake {

namespace {

constexpr std::size_t capacity = std::size_t{4} << 30;

// Four size classes per power of two, so that freed blocks are reused.
std::size_t size_class(std::size_t nbytes) {
  const std::size_t step = std::max<std::size_t>(std::bit_floor(nbytes) / 4, 512);
  return (nbytes + step - 1) / step * step;
}

}  // namespace

Memory::Memory() {
  const int file = memfd_create("fake device", 0);
  TORCH_CHECK(file >= 0 && ftruncate(file, static_cast<off_t>(capacity)) == 0);
  void* const handed_out = mmap(nullptr, capacity, PROT_NONE, MAP_SHARED, file, 0);
  void* const own = mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  TORCH_CHECK(handed_out != MAP_FAILED && own != MAP_FAILED);
  inaccessible_ = static_cast<std::byte*>(handed_out);
  accessible_ = static_cast<std::byte*>(own);
}

void* Memory::allocate(std::size_t nbytes, Stream& owner) {
  if (nbytes == 0) return nullptr;
  nbytes = size_class(nbytes);
  std::size_t offset = 0;
  {
    const std::lock_guard lock(mutex_);
    std::vector<std::size_t>& freed = free_[{&owner, nbytes}];
    if (!freed.empty()) {
      offset = freed.back();
      freed.pop_back();
    } else {
      TORCH_CHECK_WITH(OutOfMemoryError, nbytes <= capacity - end_, "fake device: out of memory");
      offset = end_;
      end_ += nbytes;
      blocks_[offset] = {nbytes, &owner, 0, 0, {}, false};
    }
    Block& block = blocks_[offset];
    block.is_free = false;
    ++block.generation;
  }
  owner.push([=, this] { std::memset(accessible_ + offset, poison, nbytes); });
  return inaccessible_ + offset;
}

void Memory::release(void* pointer) {
  if (!pointer) return;
  const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(pointer) - inaccessible_);
  std::unique_lock lock(mutex_);
  Block& block = blocks_.at(offset);
  block.is_free = true;
  std::vector<std::pair<Stream*, std::uint64_t>> users;
  for (Stream* user : block.users)
    users.emplace_back(user, user->tail());
  block.users.clear();
  lock.unlock();

  block.owner->push([users = std::move(users), &block, offset, this] {
    for (const auto& [user, point] : users)
      user->wait(point);
    std::memset(accessible_ + offset, poison, block.nbytes);
    const std::lock_guard relock(mutex_);
    ++block.poisonings;
  });
  // Last, so that the work of the next owner follows the poisoning.
  lock.lock();
  free_[{block.owner, block.nbytes}].push_back(offset);
}

void Memory::record(void* pointer, Stream& user) {
  if (!pointer) return;
  const std::lock_guard lock(mutex_);
  const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(pointer) - inaccessible_);
  Block& block = blocks_.at(offset);
  if (&user != block.owner && std::ranges::find(block.users, &user) == block.users.end())
    block.users.push_back(&user);
}

bool Memory::contains(const void* pointer) const {
  const auto* const address = static_cast<const std::byte*>(pointer);
  return address >= inaccessible_ && address < inaccessible_ + capacity;
}

std::byte* Memory::access(const void* pointer) const {
  const std::lock_guard lock(mutex_);
  TORCH_CHECK(!find(pointer)->second.is_free, "fake device: copy of freed memory");
  return accessible_ + (static_cast<const std::byte*>(pointer) - inaccessible_);
}

std::uint64_t Memory::generation(const void* pointer) const {
  const std::lock_guard lock(mutex_);
  return find(pointer)->second.generation;
}

bool Memory::is_dead(const void* pointer, std::uint64_t generation) const {
  const std::lock_guard lock(mutex_);
  return find(pointer)->second.poisonings >= generation;
}

std::size_t Memory::bytes_in_use() const {
  const std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (const auto& [offset, block] : blocks_)
    sum += block.is_free ? 0 : block.nbytes;
  return sum;
}

Memory::Blocks::const_iterator Memory::find(const void* pointer) const {
  const auto offset = static_cast<const std::byte*>(pointer) - inaccessible_;
  const auto after = blocks_.upper_bound(static_cast<std::size_t>(offset));
  TORCH_CHECK(contains(pointer) && after != blocks_.begin(), "fake device: not its memory");
  return std::prev(after);
}

Memory& memory(int device) {
  static auto* const memories = new std::array<Memory, device_count>;
  return (*memories)[static_cast<std::size_t>(device)];
}

int device_of(const void* pointer) {
  for (int device = 0; device < device_count; ++device)
    if (memory(device).contains(pointer)) return device;
  return -1;
}

}  // namespace fake
