// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <string>

#include "server/watch/report/culprit_table.hpp"
#include "server/watch/report/watch_report.hpp"

/// Reports as real programs give them.
namespace loopscope::watch::samples {

using namespace std::chrono_literals;

inline loop_figures node_loop() {
  loop_figures loop;
  loop.tid = 4711;
  loop.name = "node";
  loop.wait = "epoll_pwait";
  loop.turns = 48'211;
  loop.busy_share = 0.612;
  loop.p50 = 12'300ns;
  loop.p99 = 340us;
  loop.p999 = 12'400us;
  loop.max = 912'400us;
  loop.stalls = 3;
  loop.stalled = 1'318ms;
  return loop;
}

inline monitor::stall_record node_stall() {
  monitor::stall_record stall;
  stall.id = 1;
  stall.started = std::chrono::system_clock::time_point{1'769'850'301'250ms};
  stall.duration = 912'400us;
  stall.loop = "node";
  stall.tid = 4711;
  stall.thread_name = "node";
  stall.verdict = monitor::verdict::on_cpu;
  stall.cpu = 900ms;
  stall.call = monitor::blocked_call{"write", 21, "/srv/app/out/test.txt", "", ""};
  stall.stack = {{"write", "", 0}, {"handleRequest", "/srv/app/server.js", 41}, {"uv_run", "", 0}, {"main", "", 0}};
  stall.culprit = 1;
  stall.sentence =
      "loop node was blocked for 912 ms, on CPU, in handleRequest (/srv/app/server.js:41), in write on "
      "/srv/app/out/test.txt.";
  return stall;
}

inline void add_stall(watch_report& report, culprit_table& table, pid_t pid, monitor::stall_record stall) {
  table.add(stall);
  report.stalls.push_back({pid, std::move(stall)});
  report.culprits = table.rows();
  report.others = table.others();
}

inline watch_report node() {
  watch_report report;
  report.command = {"node", "server.js"};
  report.watched = 12'340ms;
  report.threshold = 25ms;
  report.processes = {{4711, "node server.js", {node_loop()}, {}}};
  culprit_table table;
  add_stall(report, table, 4711, node_stall());
  auto second = node_stall();
  second.duration = 310ms;
  add_stall(report, table, 4711, second);
  auto lookup = node_stall();
  lookup.duration = 95'600us;
  lookup.verdict = monitor::verdict::off_cpu;
  lookup.call = monitor::blocked_call{"recvfrom", 23, "socket:[8191]", "", "127.0.0.1:5432"};
  lookup.stack[1] = {"Database.querySync", "/srv/app/node_modules/pg-native/lib/database.js", 118};
  add_stall(report, table, 4711, lookup);
  report.exit = exit_status{};
  report.added = {"LD_PRELOAD=/usr/lib/loopscope/libloopscope-watch.so",
                  "NODE_OPTIONS=--perf-basic-prof-only-functions --interpreted-frames-native-stack"};
  return report;
}

inline loop_figures nginx_worker(pid_t pid, std::uint64_t turns) {
  loop_figures loop;
  loop.tid = pid;
  loop.name = "nginx";
  loop.wait = "epoll_wait";
  loop.turns = turns;
  loop.busy_share = 0.031;
  loop.p50 = 41us;
  loop.p99 = 180us;
  loop.p999 = 1'300us;
  loop.max = 4'100us;
  return loop;
}

inline watch_report nginx() {
  watch_report report;
  report.command = {"nginx", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;"};
  report.watched = 62s;
  report.threshold = 25ms;
  auto blocked = nginx_worker(4713, 1'204'117);
  blocked.stalls = 2;
  blocked.stalled = 2'035ms;
  blocked.max = 2'004ms;
  report.processes = {{4711, "nginx: master process nginx -c /etc/nginx/nginx.conf -g daemon off;", {}, {}},
                      {4712, "nginx: worker process", {nginx_worker(4712, 1'187'002)}, {}},
                      {4713,
                       "nginx: worker process",
                       {blocked},
                       {"ptrace is not permitted, so it has no stacks: "
                        "kernel.yama.ptrace_scope is 3."}}};
  culprit_table table;
  monitor::stall_record stall;
  stall.id = 1;
  stall.duration = 2'004ms;
  stall.loop = "nginx";
  stall.tid = 4713;
  stall.verdict = monitor::verdict::off_cpu;
  stall.call = monitor::blocked_call{"openat", {}, "/srv/www/static/fifo", "wait_for_partner", ""};
  stall.no_stack_reason = "ptrace is not permitted";
  stall.sentence = "loop nginx was blocked for 2004 ms, asleep in openat on /srv/www/static/fifo.";
  add_stall(report, table, 4713, stall);
  stall.duration = 31ms;
  stall.call.reset();
  stall.verdict = monitor::verdict::on_cpu;
  stall.stack = {{"pcre2_match_8", "", 0}, {"", "", 0}};
  add_stall(report, table, 4713, stall);
  report.exit = exit_status{true, 15};
  report.added = {"LD_PRELOAD=/usr/lib/loopscope/libloopscope-watch.so"};
  return report;
}

/// A pre-forking server of 40 processes, 3 of which were blocked, and shells that it started.
inline watch_report forty_processes() {
  watch_report report;
  report.command = {"gunicorn", "--workers", "40", "shop.wsgi:application"};
  report.watched = 1'834s;
  report.threshold = 25ms;
  culprit_table table;
  for (pid_t pid = 5000; pid < 5040; ++pid) {
    auto loop = nginx_worker(pid, 90'000 + static_cast<std::uint64_t>(pid));
    loop.name = "gunicorn";
    loop.wait = "select";
    if (pid % 13 == 0) {
      monitor::stall_record stall;
      stall.duration = loop.stalled = 40ms * (pid - 4999);
      stall.verdict = monitor::verdict::on_cpu;
      stall.stack = {
          {"shop::catalogue::render_page", "/opt/shop/lib/python3.12/site-packages/shop/catalogue/pages.py", 7}};
      stall.culprit = 0;
      add_stall(report, table, pid, stall);
      loop.stalls = 1;
    }
    report.processes.push_back(
        {pid,
         "/usr/bin/python3.12 /opt/shop/bin/gunicorn --workers 40 --bind 0.0.0.0:8000 shop.wsgi:application",
         {loop},
         {}});
  }
  for (pid_t pid = 6000; pid < 6006; ++pid)
    report.processes.push_back({pid, "convert", {}, {"It is statically linked, so that nothing can be preloaded."}});
  report.processes.push_back({6006, "sh -c 'ls /tmp'", {}, {}});
  report.exit = exit_status{false, 3};
  return report;
}

inline watch_report memcached() {
  watch_report report;
  report.command = {"memcached", "-t", "4"};
  report.watched = 5s;
  report.threshold = 25ms;
  process_figures process{4711, "memcached -t 4", {}, {}};
  for (pid_t tid = 4711; tid < 4716; ++tid) {
    auto loop = nginx_worker(tid, 73);
    loop.name = tid == 4711 ? "memcached" : "mc-worker";
    loop.p50 = 900ns;
    loop.p99 = 3us;
    loop.p999 = std::nullopt;
    loop.busy_share = 0.00002;
    process.loops.push_back(loop);
  }
  report.processes = {process};
  report.exit = exit_status{};
  return report;
}

inline watch_report no_loop() {
  watch_report report;
  report.command = {"make", "-j2"};
  report.watched = 800ms;
  report.threshold = 25ms;
  report.processes = {{4711, "make -j2", {}, {}},
                      {4712,
                       "go build ./...",
                       {},
                       {"It is a Go program, which calls the "
                        "kernel itself and not through libc: its waits are not seen."}}};
  report.exit = exit_status{};
  return report;
}

/// Names as no sane program has them.
inline watch_report hostile() {
  auto report = node();
  const std::string evil =
      "\x1b[31mred\x1b[0m\nloopscope: all is well\x7f \xff\xfe \xe2\x80\xae"
      "gnp.exe; \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e";
  std::string longer = evil;
  for (int i = 0; i < 12; ++i) longer += "/" + evil;
  report.command = {longer, evil};
  report.processes[0].command = longer;
  report.processes[0].unseen = {longer};
  report.processes[0].loops[0].name = longer;
  report.processes[0].loops[0].wait = longer;
  report.processes[0].loops[0].tid = 4'194'304;
  report.processes[0].loops[0].turns = 999'999;
  report.processes[0].loops[0].busy_share = 64.0;
  report.processes[0].loops[0].p50 = 1234s;
  report.processes[0].loops[0].p99 = 1234s;
  report.processes[0].loops[0].p999 = 1234s;
  report.processes[0].loops[0].max = 1234s;
  report.processes[0].loops[0].stalls = 999'999;
  report.processes[0].loops[0].stalled = 9999s;
  report.processes[0].loops[0].threads = 999;
  culprit_table table;
  auto stall = node_stall();
  stall.duration = 1234s;
  stall.verdict = monitor::verdict::descheduled;
  stall.stack[1] = {longer, longer, 2'147'483'647};
  stall.call->path = longer;
  add_stall(report, table, 4711, stall);
  report.added = {longer};
  return report;
}

}  // namespace loopscope::watch::samples
