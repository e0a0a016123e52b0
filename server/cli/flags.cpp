#include "flags.hpp"

#include "duration.hpp"

namespace loopscope::cli {

using std::chrono::microseconds;

std::string environment_name(std::string flag) {
  std::ranges::transform(flag, flag.begin(),
                         [](char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return "LOOPSCOPE_" + flag;
}

CLI::Option* duration_flag(CLI::App& app, const std::string& name, microseconds& value, microseconds bare_unit,
                           const std::string& help) {
  const bool seconds = bare_unit == std::chrono::seconds{1};
  const auto read = [&value, bare_unit](const std::string& text) {
    const auto parsed = parse_duration(text, bare_unit);
    if (!parsed || *parsed == microseconds{0}) return false;
    value = *parsed;
    return true;
  };
  const std::string shown = std::to_string(value / bare_unit) + (seconds ? "s" : "ms");
  return parsed_flag(app, name, read, "a duration above 0, such as 250ms or 10s",
                     help + std::string{" (a bare number: "} + (seconds ? "seconds)" : "milliseconds)"), shown);
}

CLI::Option* bytes_flag(CLI::App& app, const std::string& name, std::uint64_t& value, const std::string& help) {
  return flag(app, name, value, help + " (bytes, or with a unit: 64KiB)")->transform(CLI::AsSizeValue(false));
}

CLI::Option* bytes_flag(CLI::App& app, const std::string& name, std::uint64_t& value, std::uint64_t least,
                        std::uint64_t most, const std::string& help) {
  return bytes_flag(app, name, value, help)->check(CLI::Range(least, most));
}

CLI::Option* switch_flag(CLI::App& app, const std::string& name, bool& value, const std::string& help) {
  return app.add_flag("--" + name, value, help)->envname(environment_name(name));
}

CLI::Option* file_io_flag(CLI::App& app, const std::string& name, writers::back_end_choice& value,
                          const std::string& help) {
  const auto read = [&value](const std::string& text) {
    const auto choice = writers::find_back_end_choice(text);
    if (choice) value = *choice;
    return choice.has_value();
  };
  return parsed_flag(app, name, read, "one of auto, threads, uring", help + ": auto, threads or uring", "auto");
}

CLI::Option* pool_threads_flag(CLI::App& app, std::size_t& value) {
  return count_flag(app, "pool-threads", value, std::size_t{1024}, "Threads that carry out blocking calls");
}

}  // namespace loopscope::cli
