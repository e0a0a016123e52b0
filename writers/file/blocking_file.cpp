#include "blocking_file.hpp"

#include <boost/system/errc.hpp>

namespace loopscope::writers {

error_code blocking_write_all(blocking_file& file, std::span<const std::byte> data) {
  namespace errc = boost::system::errc;
  while (!data.empty()) {
    const auto written = file.blocking_write_some(data);
    if (written.has_error()) {
      if (written.error() == errc::interrupted) continue;
      return written.error();
    }
    if (*written == 0) return make_error_code(errc::io_error);
    data = data.subspan(*written);
  }
  return {};
}

}  // namespace loopscope::writers
