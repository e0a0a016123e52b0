// SPDX-License-Identifier: MIT

#include "program.hpp"

#include <cstdio>
#include <exception>
#include <system_error>

#include "standard_streams.hpp"
#include "writers/system/process.hpp"

namespace loopscope {

int blocking_finish(const char* program, const early_exit& exit) {
  std::fputs(exit.err.c_str(), stderr);
  return blocking_print(program, exit.out) ? exit.exit_code : exit_could_not_run;
}

int fail(const char* program, std::string_view message) {
  print_error(program, message);
  return exit_could_not_run;
}

int run_program(const char* program, const std::function<int()>& body) {
  claim_standard_descriptors();
  system::raise_descriptor_limit();
  try {
    return body();
  } catch (const std::system_error& failure) {
    const bool thread = failure.code() == std::errc::resource_unavailable_try_again;
    return fail(program,
                (thread ? "cannot start a thread (see ulimit -u and -v): " : "") + std::string{failure.what()});
  } catch (const std::exception& failure) {
    return fail(program, failure.what());
  }
}

std::string missing_descriptors(std::size_t needed, std::string_view purpose) {
  constexpr std::size_t standard = 3;
  const std::size_t found = standard + system::blocking_count_free_descriptors(needed - standard);
  if (found >= needed) return {};
  return "too few file descriptors " + std::string{purpose} + ": " + std::to_string(found) +
         ", needed: " + std::to_string(needed) + "; raise the limit (ulimit -n, LimitNOFILE)";
}

}  // namespace loopscope
