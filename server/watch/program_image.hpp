// SPDX-License-Identifier: MIT

#pragma once

#include <optional>
#include <string>

namespace loopscope::watch {

/// What an ELF file says about how a program starts.
struct program_image {
  std::string interpreter;   ///< the dynamic loader; empty: linked statically
  bool is_go = false;        ///< has the sections of Go's linker
  bool same_machine = true;  ///< made for the machine and word size of this program

  bool operator==(const program_image&) const = default;
};

/// Reads the head of an ELF file. nullopt for another file and for one that cannot be read. Blocks: reads the file.
std::optional<program_image> blocking_read_program_image(const std::string& path);

}  // namespace loopscope::watch
