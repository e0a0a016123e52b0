#include <cstdio>
#include <exception>
#include <variant>

#include "command_line.hpp"
#include "server/support/out_of_memory.hpp"
#include "server/support/standard_streams.hpp"
#include "session.hpp"

int main(int argc, char** argv) {
  using namespace loopscope;
  end_process_when_out_of_memory();
  claim_standard_descriptors();
  try {
    const auto command = probe::parse_command_line(argc, argv);
    if (const auto* asked = std::get_if<probe::options>(&command)) return probe::run_session(*asked);
    const auto& leaving = std::get<probe::leave>(command);
    std::fputs(leaving.err.c_str(), stderr);
    return blocking_print("loopscope-probe", leaving.out) ? leaving.exit_code : probe::exit_could_not_run;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "loopscope-probe: %s\n", failure.what());
    return probe::exit_could_not_run;
  }
}
