#include <cstdio>
#include <exception>
#include <system_error>
#include <variant>

#include "server/app/service.hpp"
#include "server/cli/command_line.hpp"
#include "server/cli/commands.hpp"
#include "server/cli/container_limits.hpp"
#include "server/support/out_of_memory.hpp"
#include "server/support/standard_streams.hpp"

namespace {

using namespace loopscope;

struct carry_out {
  int operator()(const cli::serve_command& command) const { return app::serve(command.config); }
  int operator()(const cli::write_command& command) const { return cli::run(command); }
  int operator()(const cli::healthcheck_command& command) const { return cli::run(command); }
  int operator()(const cli::leave& command) const {
    std::fputs(command.err.c_str(), stderr);
    return blocking_print("loopscope", command.out) ? command.exit_code : cli::exit_could_not_run;
  }
};

}  // namespace

int main(int argc, char** argv) {
  end_process_when_out_of_memory();
  claim_standard_descriptors();
  try {
    return std::visit(carry_out{}, cli::parse_command_line(argc, argv, cli::blocking_read_container_limits()));
  } catch (const std::system_error& failure) {
    const bool thread = failure.code() == std::errc::resource_unavailable_try_again;
    std::fprintf(stderr, "loopscope: %s%s\n", thread ? "cannot start a thread (see ulimit -u and -v): " : "",
                 failure.what());
    return cli::exit_could_not_run;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "loopscope: %s\n", failure.what());
    return cli::exit_could_not_run;
  }
}
