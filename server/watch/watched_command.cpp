// SPDX-License-Identifier: MIT

#include "watched_command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>

#include "job_control.hpp"

namespace loopscope::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

[[noreturn]] void fail_to_start(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

/// Pointers for execve(2). Lifetime: `texts` outlives them.
std::vector<char*> as_pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const auto& each : texts) out.push_back(const_cast<char*>(each.c_str()));
  out.push_back(nullptr);
  return out;
}

/// Both ends are closed on exec.
class exec_pipe {
 public:
  exec_pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) fail_to_start("cannot start the command (pipe)");
  }
  ~exec_pipe() {
    ::close(ends_[0]);
    close_write_end();
  }
  exec_pipe(const exec_pipe&) = delete;
  exec_pipe& operator=(const exec_pipe&) = delete;

  void close_write_end() noexcept {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

  void report(int error) const noexcept {
    while (::write(ends_[1], &error, sizeof error) < 0 && errno == EINTR) {
    }
  }

  /// The error of the child's execve(2); 0 when it succeeded.
  int blocking_read_error() const noexcept {
    int error = 0;
    ssize_t size = 0;
    do size = ::read(ends_[0], &error, sizeof error);
    while (size < 0 && errno == EINTR);
    return size == static_cast<ssize_t>(sizeof error) ? error : 0;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

/// Runs between fork(2) and execve(2): no allocation and no lock.
[[noreturn]] void become_command(char* const* arguments, char* const* variables, const start_conditions& conditions,
                                 const exec_pipe& pipe) noexcept {
  conditions.apply();
  ::execvpe(arguments[0], arguments, variables);
  pipe.report(errno);
  ::_exit(exit_not_found);
}

/// The command reads stdin alone: a second reader would hide from a pipe's writer that it has closed it.
void release_stdin() noexcept {
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0) return;
  ::dup3(nothing, STDIN_FILENO, O_CLOEXEC);
  ::close(nothing);
}

int poll_timeout(steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

exit_status status_of(const siginfo_t& child) noexcept {
  return {child.si_code != CLD_EXITED, child.si_status};
}

}  // namespace

boost::system::result<std::unique_ptr<watched_command>> watched_command::blocking_start(
    const std::vector<std::string>& arguments, const environment& variables, const start_conditions& conditions) {
  const auto argument_pointers = as_pointers(arguments);
  const auto variable_pointers = as_pointers(variables);
  exec_pipe pipe;
  const sigset_t signals = watcher_signals();
  const int signal_descriptor = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signal_descriptor < 0) fail_to_start("cannot start the command (signalfd)");
  std::unique_ptr<watched_command> command{new watched_command{-1, signal_descriptor, conditions}};
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGCHLD, SIG_DFL);  // where it is ignored, the kernel keeps no exit status
  command->pid_ = ::fork();
  if (command->pid_ < 0) fail_to_start("cannot start the command (fork)");
  if (command->pid_ == 0) become_command(argument_pointers.data(), variable_pointers.data(), conditions, pipe);
  pipe.close_write_end();
  if (const int error = pipe.blocking_read_error()) {
    ::waitpid(command->pid_, nullptr, 0);
    return boost::system::error_code{error, boost::system::system_category()};
  }
  release_stdin();
  return command;
}

watched_command::watched_command(pid_t pid, int signals, const start_conditions& conditions) noexcept
    : pid_{pid}, signals_{signals}, conditions_{conditions} {}

// A signal to the whole group may reach this process after the command has ended of it, and must not end the report.
watched_command::~watched_command() {
  if (ended_) ::waitpid(pid_, nullptr, 0);
  signalfd_siginfo info{};
  while (::read(signals_, &info, sizeof info) > 0) {
  }
  ::pthread_sigmask(SIG_SETMASK, &conditions_.mask(), nullptr);
  ::close(signals_);
}

void watched_command::handle_signals() {
  signalfd_siginfo info{};
  while (!ended_ && ::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCONT && stopped_) {
      ::kill(pid_, SIGCONT);
      stopped_ = false;
    }
    switch (use_of_signal(signal, info.ssi_code, static_cast<pid_t>(info.ssi_pid), pid_)) {
      case signal_use::pass_on:
        ::kill(pid_, signal);  // fails for a command that has become another user's
        break;
      case signal_use::look_at_command:
        look_at_command();
        break;
      case signal_use::look_for_new_stop:
        stopped_ = false;
        look_at_command();
        break;
      case signal_use::drop:
        break;
    }
  }
}

std::optional<exit_status> watched_command::blocking_wait_for_change(steady_clock::time_point deadline) {
  if (!ended_) {
    pollfd readable{signals_, POLLIN, 0};
    ::poll(&readable, 1, poll_timeout(deadline));
    handle_signals();
    look_at_command();
  }
  return ended_;
}

void watched_command::look_at_command() {
  if (ended_) return;
  // WNOWAIT leaves the state as it is: a stop of the thread that is traced is for the thread that traces it, and /proc
  // says how a command has ended until its status is taken.
  siginfo_t child{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &child, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) != 0)
    return;
  switch (child.si_pid == 0 ? CLD_CONTINUED : child.si_code) {
    case CLD_EXITED:
    case CLD_KILLED:
    case CLD_DUMPED:
      ended_ = status_of(child);
      break;
    case CLD_STOPPED:
      if (!stopped_) follow_stop(child.si_status);
      break;
    case CLD_CONTINUED:
      stopped_ = false;
      break;
    default:  // CLD_TRAPPED: traced
      break;
  }
}

void watched_command::follow_stop(int signal) {
  stopped_ = true;
  if (blocking_is_job_of_a_shell()) blocking_stop_by(signal);
}

std::string blocking_exec_error_text(const std::string& command, int error) {
  const std::string name = command.empty() ? "''" : command;
  struct stat file {};
  const bool is_path = command.find('/') != std::string::npos;
  const bool exists = is_path && ::stat(command.c_str(), &file) == 0;
  if (error == ENOENT) return name + (exists ? ": its interpreter or loader is not found" : ": not found");
  if (error == EACCES && exists && S_ISDIR(file.st_mode)) return name + ": is a directory";
  return name + ": " + std::generic_category().message(error);
}

}  // namespace loopscope::watch
