// SPDX-License-Identifier: MIT

#include "server/monitor/explain/function_name.hpp"

#include <gtest/gtest.h>

namespace loopscope::monitor {
namespace {

TEST(function_name, drops_parameters_template_arguments_and_return_type) {
  EXPECT_EQ(tidy_function("main"), "main");
  EXPECT_EQ(tidy_function("app::save(int, std::vector<char, std::allocator<char> > const&)"), "app::save");
  EXPECT_EQ(tidy_function("void app::save<int, app::file<(app::kind)3> >(int&&)"), "app::save");
  EXPECT_EQ(tidy_function("std::pair<int, char>* app::find<int>(int) const"), "app::find");
  EXPECT_EQ(tidy_function("app::name[abi:cxx11](int)"), "app::name");
}

TEST(function_name, drops_anonymous_namespaces_and_what_the_compiler_adds) {
  EXPECT_EQ(tidy_function("app::(anonymous namespace)::save(int)"), "app::save");
  EXPECT_EQ(tidy_function("app::serve(app::serve(int)::_ZN3app5serveEi.Frame*) [clone .actor]"), "app::serve");
  EXPECT_EQ(tidy_function("app::serve(int) [clone .resume]"), "app::serve");
  EXPECT_EQ(tidy_function("app::save(int) [clone .isra.0] [clone .cold]"), "app::save");
}

TEST(function_name, of_c_is_the_symbol_without_what_the_compiler_adds) {
  EXPECT_EQ(demangle("main"), "main");
  EXPECT_EQ(demangle("main.cold"), "main");
  EXPECT_EQ(demangle("copy.constprop.0"), "copy");
  EXPECT_EQ(demangle("_ZN3app4saveEi.cold"), "app::save(int) [clone .cold]");
}

TEST(function_name, keeps_operators_and_lambdas) {
  EXPECT_EQ(tidy_function("app::job::operator()(int) const"), "app::job::operator()");
  EXPECT_EQ(tidy_function("app::operator<<(std::ostream&, app::job const&)"), "app::operator<<");
  EXPECT_EQ(tidy_function("app::job::operator bool() const"), "app::job::operator bool");
  EXPECT_EQ(tidy_function("operator new(unsigned long)"), "operator new");
  EXPECT_EQ(tidy_function("app::run(int)::{lambda(auto:1)#2}::operator()<int>(int) const"),
            "app::run::{lambda}::operator()");
  EXPECT_EQ(tidy_function("app::operators::run()"), "app::operators::run");
  EXPECT_EQ(tidy_function("app::run(int)::$_12::operator()(int) const"), "app::run::{lambda}::operator()");
  EXPECT_EQ(tidy_function("~<lambda(int)>"), "~{lambda}");
  EXPECT_EQ(tidy_function("app::call<lambda_type>(int)"), "app::call");
}

TEST(function_name, is_shortened_to_its_last_telling_part) {
  EXPECT_EQ(short_function("loopscope::writers::blocking_write_all"), "blocking_write_all");
  EXPECT_EQ(short_function("main"), "main");
  EXPECT_EQ(short_function("app::run::{lambda}::operator()"), "run::{lambda}::operator()");
  EXPECT_EQ(short_function("operator()"), "operator()");
  EXPECT_EQ(short_function("app::job::operator()"), "job::operator()");
  EXPECT_EQ(short_function("app::file::~file"), "file::~file");
  EXPECT_EQ(short_function("app::start::~{lambda}"), "start::~{lambda}");
}

TEST(file_name, is_relative_to_the_source_root) {
  EXPECT_EQ(relative_file("/src/app/writers/sync.cpp", "/src/app"), "writers/sync.cpp");
  EXPECT_EQ(relative_file("/src/app/build/../writers/./sync.cpp", "/src/app"), "writers/sync.cpp");
  EXPECT_EQ(relative_file("/src/application/x.cpp", "/src/app"), "/src/application/x.cpp");
  EXPECT_EQ(relative_file("/usr/include/c++/12/thread", "/src/app"), "/usr/include/c++/12/thread");
  EXPECT_EQ(relative_file("writers/sync.cpp", ""), "writers/sync.cpp");
  EXPECT_EQ(relative_file("", "/src/app"), "");
}

}  // namespace
}  // namespace loopscope::monitor
