// SPDX-License-Identifier: MIT

#include "load/probe/addresses.hpp"

#include <gtest/gtest.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>
#include <set>

#include "scripted_server.hpp"

namespace loopscope::probe {
namespace {

TEST(addresses, of_a_number_are_the_number) {
  const auto found = blocking_find_addresses({"127.0.0.1", "8080", "/", ""}, std::nullopt);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->all.size(), 1u);
  EXPECT_EQ(address_text(found->all[0]), "127.0.0.1:8080");
  EXPECT_EQ(address_text(blocking_find_addresses({"::1", "80", "/", ""}, std::nullopt)->all[0]), "[::1]:80");
}

TEST(addresses, of_a_name_are_each_there_once_and_one_that_answers_is_chosen) {
  test::scripted_server server(test::manner::answer);
  const std::string port = std::to_string(server.endpoint().port());
  const auto found = blocking_find_addresses({"localhost", port, "/", ""}, std::nullopt);
  if (!found && !std::filesystem::exists("/etc/hosts")) GTEST_SKIP() << "this system has no /etc/hosts";
  ASSERT_TRUE(found);
  std::set<std::string> texts;
  for (const auto& address : found->all) texts.insert(address_text(address));
  EXPECT_EQ(texts.size(), found->all.size());
  EXPECT_EQ(address_text(found->all[found->chosen]), "127.0.0.1:" + port);
}

TEST(addresses, of_a_name_that_nobody_has_are_an_error) {
  EXPECT_FALSE(blocking_find_addresses({"no-such-name.invalid", "80", "/", ""}, std::nullopt));
}

TEST(addresses, of_a_unix_socket_are_its_path) {
  const auto found = blocking_find_addresses({"no-such-name.invalid", "80", "/", ""}, "/run/x.sock");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->all.size(), 1u);
  EXPECT_EQ(address_text(found->all[0]), "unix:/run/x.sock");
}

}  // namespace
}  // namespace loopscope::probe
