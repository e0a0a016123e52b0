#pragma once

#include <string>
#include <string_view>

namespace loopscope::monitor {

/// The C++ name behind a symbol, or the symbol itself.
std::string demangle(const char* symbol);

/// A demangled name without parameters, template arguments, return type and compiler suffixes:
/// "void app::save<int>(std::string const&) [clone .actor]" is "app::save".
std::string tidy_function(std::string_view demangled);

/// The last part of a tidy name, with its parent where the part alone says nothing: "save",
/// "handle::{lambda}", "job::operator()".
std::string short_function(std::string_view tidy);

/// A file below root relative to it, with "." and ".." resolved; others as they are.
std::string relative_file(std::string_view file, std::string_view root);

}  // namespace loopscope::monitor
