#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "answer_parser.hpp"
#include "types.hpp"

namespace loopscope::probe {

/// One whole answer.
struct answer {
  unsigned status = 0;
  bool keeps_connection = false;
  std::string body;
};

class connection;

/// Told what happens on a connection, on the loop's thread.
class connection_owner {
 public:
  virtual void on_connected(connection& from) = 0;
  virtual void on_answer(connection& from, answer&& got) = 0;
  /// The last call for this connection, unless its owner closed it. `connected`: it had been made before it ended.
  virtual void on_ended(connection& from, error_code why, bool connected) = 0;

 protected:
  ~connection_owner() = default;
};

/// One connection to the server: sends what it is given and reports every answer. Always reading, so that a close by
/// the server is noticed while idle too.
///
/// Threads: the loop's. Lifetime: shared, its operations keep it; the owner and the bytes given to send() must outlive
/// the loop's run. Bounds: those of answer_parser.
class connection : public std::enable_shared_from_this<connection> {
 public:
  /// `slot`: the owner's name for it.
  connection(const executor& loop, connection_owner& owner, std::uint32_t slot, answer_format format);

  void open(const endpoint& to);
  /// One request at a time, when connected. `reused`: the connection stood open before, so the server may have closed
  /// it without knowing of this request.
  void send(std::string_view bytes, bool reused);
  /// Ends it without telling the owner.
  void close();

  std::uint32_t slot() const { return slot_; }
  /// In on_ended(): it was reused, and not a byte came in answer to the last request.
  bool died_idle() const { return reused_ && !heard_; }

 private:
  task<void> run(std::shared_ptr<connection> self, endpoint to);
  task<error_code> connect(const endpoint& to);
  task<error_code> read_answers();
  void end(error_code why);

  stream_socket socket_;
  connection_owner& owner_;
  std::uint32_t slot_;
  answer_format format_;
  boost::beast::flat_buffer buffer_;
  error_code write_error_;
  bool connected_ = false;
  bool writing_ = false;
  bool reused_ = false;
  bool heard_ = false;
  bool closed_ = false;
};

}  // namespace loopscope::probe
