// SPDX-License-Identifier: MIT

#pragma once

#include <string>
#include <string_view>

namespace loopscope::monitor {

/// The demangled C++ name of a symbol, or the symbol itself without what the compiler adds: "main.cold" is "main".
std::string demangle(const char* symbol);

/// A demangled name without parameters, template arguments, return type and compiler suffixes:
/// "void app::save<int>(std::string const&) [clone .actor]" is "app::save".
std::string tidy_function(std::string_view demangled);

/// The last part of a tidy name. Lambdas, operators and destructors keep their parent: "save", "handle::{lambda}",
/// "job::operator()", "file::~file".
std::string short_function(std::string_view tidy);

/// The path relative to root if the file lies below it, else the whole path; "." and ".." are resolved.
std::string relative_file(std::string_view file, std::string_view root);

}  // namespace loopscope::monitor
