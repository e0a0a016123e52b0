// SPDX-License-Identifier: MIT

#include "flags.hpp"

#include <algorithm>
#include <cctype>

namespace loopscope::config {

using std::chrono::microseconds;

std::string environment_name(std::string flag) {
  std::ranges::transform(flag, flag.begin(),
                         [](char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return "LOOPSCOPE_" + flag;
}

CLI::Option* duration_flag(CLI::App& app, const std::string& name, microseconds& value, microseconds bare_unit,
                           const std::string& help) {
  return duration_option(app, "--" + name, value, bare_unit, microseconds{1}, help)->envname(environment_name(name));
}

CLI::Option* bytes_flag(CLI::App& app, const std::string& name, std::uint64_t& value, const std::string& help) {
  return flag(app, name, value, help + " (bytes, or with a unit: 64KiB)")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false));
}

CLI::Option* bytes_flag(CLI::App& app, const std::string& name, std::uint64_t& value, std::uint64_t min,
                        std::uint64_t max, const std::string& help) {
  return bytes_flag(app, name, value, help)->check(CLI::Range(min, max));
}

CLI::Option* switch_flag(CLI::App& app, const std::string& name, bool& value, const std::string& help) {
  return app.add_flag("--" + name, value, help)->envname(environment_name(name));
}

CLI::Option* admin_flag(CLI::App& app, std::optional<listen_address>& value, const std::string& help) {
  const auto read = [&value](const std::string& text) {
    const auto address = parse_listen_address(text);
    if (address || text == "off") value = address;
    return address || text == "off";
  };
  return parsed_flag(app, "admin", read, "HOST:PORT or off", help, value ? value->text() : "off")->type_name("ADDRESS");
}

CLI::Option* file_io_flag(CLI::App& app, const std::string& name, writers::back_end_choice& value,
                          const std::string& help) {
  const auto read = [&value](const std::string& text) {
    const auto choice = writers::find_back_end_choice(text);
    if (choice) value = *choice;
    return choice.has_value();
  };
  return parsed_flag(app, name, read, "one of auto, threads, uring", help + ": auto, threads or uring", "auto")
      ->type_name("BACK_END");
}

CLI::Option* pool_threads_flag(CLI::App& app, std::size_t& value) {
  return count_flag(app, "pool-threads", value, std::size_t{1024}, "Threads that run blocking calls");
}

}  // namespace loopscope::config
