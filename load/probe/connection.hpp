// SPDX-License-Identifier: MIT

#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "types.hpp"

namespace loopscope::probe {

/// How the responses to one kind of request are read.
struct response_format {
  bool has_body = true;     ///< false for HEAD, whose response has a header only
  bool keeps_body = false;  ///< otherwise the body is read and dropped
};

/// One complete response.
struct response {
  unsigned status = 0;
  bool keeps_connection = false;
  std::string body;
};

class connection;

/// Receives the events of a connection, on the loop's thread.
class connection_owner {
 public:
  virtual void on_connected(connection& source) = 0;
  virtual void on_response(connection& source, response&& received) = 0;
  /// The last call for this connection, unless the owner closed it.
  /// `connected`: it was established before it ended.
  virtual void on_ended(connection& source, error_code error, bool connected) = 0;

 protected:
  ~connection_owner() = default;
};

/// One connection to the server: sends requests and reports every response. It always reads, so that it notices when
/// the server closes it while idle.
///
/// Threads: the loop's. Lifetime: shared, its operations keep it alive; the owner and the bytes given to send() must
/// outlive the loop's run. Bounds: a header as large as curl accepts (300 KiB), a body of 64 MiB; beyond them, Beast's
/// errors header_limit and body_limit.
class connection : public std::enable_shared_from_this<connection> {
 public:
  /// `slot`: the owner's number for it.
  connection(const executor& loop, connection_owner& owner, std::uint32_t slot, response_format format);

  void open(const endpoint& address);
  /// Sends one request; call it when connected and idle. `reused`: the connection was open before, so the server may
  /// have closed it without knowing about this request.
  void send(std::string_view bytes, bool reused);
  /// Ends it without an event for the owner.
  void close();

  std::uint32_t slot() const { return slot_; }
  /// For on_ended(): the connection was reused and ended before the first byte of the response.
  bool died_idle() const { return reused_ && !response_began_; }

 private:
  task<void> run(std::shared_ptr<connection> self, endpoint address);
  task<error_code> connect(const endpoint& address);
  task<error_code> read_responses();
  void end(error_code error);

  stream_socket socket_;
  connection_owner& owner_;
  std::uint32_t slot_;
  response_format format_;
  boost::beast::flat_buffer buffer_;
  error_code write_error_;
  bool connected_ = false;
  bool writing_ = false;
  bool reused_ = false;
  bool response_began_ = false;
  bool closed_ = false;
};

}  // namespace loopscope::probe
