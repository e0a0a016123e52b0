// SPDX-License-Identifier: MIT

#include <variant>

#include "server/app/commands.hpp"
#include "server/config/command_line.hpp"
#include "server/config/container_limits.hpp"
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
  return run_program(app::program, [argc, argv] {
    const auto command = config::parse_command_line(argc, argv, config::blocking_read_container_limits());
    return std::visit([](const auto& each) { return app::run(each); }, command);
  });
}
