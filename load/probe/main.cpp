// SPDX-License-Identifier: MIT

#include <variant>

#include "options.hpp"
#include "run.hpp"
#include "server/support/out_of_memory.hpp"
#include "server/support/program.hpp"

namespace {

/// Before the static objects of CLI11, which allocate.
[[gnu::constructor(101)]] void before_static_objects() {
  loopscope::end_process_when_out_of_memory();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace loopscope;
  return run_program("loopscope-probe", [argc, argv] {
    const auto command = probe::parse_command_line(argc, argv);
    if (const auto* exit = std::get_if<early_exit>(&command)) return blocking_finish("loopscope-probe", *exit);
    return probe::run(std::get<probe::run_options>(command));
  });
}
