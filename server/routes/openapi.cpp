// SPDX-License-Identifier: MIT

#include <nlohmann/json.hpp>

#include "routes.hpp"
#include "server/support/json_text.hpp"
#include "write_request.hpp"

namespace loopscope::routes {
namespace {

using json = nlohmann::ordered_json;

json query_parameter(std::string_view name, std::string_view description, json schema, bool required = false) {
  return {{"name", name}, {"in", "query"}, {"required", required}, {"description", description}, {"schema", schema}};
}

json text_answer(std::string_view text) {
  return {{"200",
           {{"description", "Answered"},
            {"content", {{"text/plain", {{"schema", {{"type", "string"}, {"const", text}}}}}}}}}};
}

json problem_answer(std::string_view description) {
  return {{"description", description},
          {"content", {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}};
}

json nullable(std::string_view type) {
  return {{"type", json::array({type, "null"})}};
}

json object_of(std::initializer_list<std::pair<const char*, json>> members) {
  json properties = json::object();
  json required = json::array();
  for (const auto& [name, schema] : members) {
    properties[name] = schema;
    required.push_back(name);
  }
  return {{"type", "object"}, {"properties", properties}, {"required", required}};
}

json write_report_schema() {
  const json integer = {{"type", "integer"}};
  const json number = {{"type", "number"}};
  const json text = {{"type", "string"}};
  const json maybe_integer = nullable("integer");
  const json maybe_number = nullable("number");
  json loop = object_of({{"lag_p50_us", maybe_number},
                         {"lag_p99_us", maybe_number},
                         {"lag_max_us", maybe_number},
                         {"stalls", integer},
                         {"longest_stall_ms", maybe_number}});
  loop["type"] = json::array({"object", "null"});
  return object_of({
      {"run_id", integer},
      {"method", text},
      {"io", nullable("string")},
      {"io_reason", text},
      {"count", integer},
      {"bytes", integer},
      {"file", text},
      {"copies_per_record", integer},
      {"timing_ms", object_of({{"queued", number}, {"completed", number}, {"durable", maybe_number}})},
      {"throughput", object_of({{"records_per_s", maybe_number}, {"bytes_per_s", maybe_number}})},
      {"syscalls", object_of({{"write", integer}, {"fsync", integer}})},
      {"memory", object_of({{"rss_before_bytes", maybe_integer},
                            {"rss_peak_bytes", maybe_integer},
                            {"rss_after_bytes", maybe_integer},
                            {"pending_peak_records", integer},
                            {"pending_peak_bytes", integer}})},
      {"cpu", object_of({{"process_user_ms", number}, {"process_system_ms", number}, {"loop_thread_ms", number}})},
      {"loop", loop},
      {"backpressure",
       object_of({{"high_water_mark", maybe_integer}, {"drains", maybe_integer}, {"waited_ms", maybe_number}})},
      {"page_cache",
       object_of(
           {{"cached_bytes", maybe_integer}, {"dirty_bytes", maybe_integer}, {"writeback_bytes", maybe_integer}})},
      {"content", object_of({{"checked", {{"type", "boolean"}}},
                             {"complete", nullable("boolean")},
                             {"in_order", nullable("boolean")},
                             {"out_of_order_records", maybe_integer},
                             {"first_out_of_order", maybe_integer}})},
  });
}

json write_parameters_schema(const runs::run_limits& limits) {
  json methods = json::array();
  for (const auto& each : writers::all_methods()) {
    methods.push_back(each.name);
    for (const auto alias : each.aliases) methods.push_back(alias);
  }
  return json::array({
      query_parameter("method", "How to write; see /methods", {{"type", "string"}, {"enum", methods}}, true),
      query_parameter(
          "count", "Records to write",
          {{"type", "integer"}, {"minimum", 1}, {"maximum", limits.max_count}, {"default", writers::default_count}}),
      query_parameter("io", "Back end of promise, callback and stream; auto is threads unless --file-io says otherwise",
                      {{"type", "string"}, {"enum", {"auto", "threads", "uring"}}, {"default", "auto"}}),
      query_parameter("high_water_mark", "Bytes that stream buffers before it pauses",
                      {{"type", "integer"},
                       {"minimum", 1},
                       {"maximum", max_high_water_mark_bytes},
                       {"default", writers::default_high_water_mark_bytes}}),
      query_parameter(
          "slice_us",
          "Microseconds of work before a yield to the loop, for the methods that have it under `defaults` of "
          "/methods; null there: not cut into slices unless this is given",
          {{"type", "integer"}, {"minimum", 1}, {"maximum", max_slice_us}}),
      query_parameter("durability", "cache: in the page cache; disk: file and directory synced",
                      {{"type", "string"}, {"enum", {"cache", "disk"}}, {"default", "cache"}}),
      query_parameter("verify", "Read the file back: complete? in order?", {{"type", "boolean"}, {"default", false}}),
  });
}

json write_operation(const runs::run_limits& limits) {
  return {
      {"summary", "Write small records and answer when the write has finished"},
      {"parameters", write_parameters_schema(limits)},
      {"responses",
       {{"200",
         {{"description", "The write report"},
          {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/WriteReport"}}}}}}}}},
        {"400", problem_answer("Malformed, missing, repeated or unknown parameter, or a method that cannot run so")},
        {"403", problem_answer("A page of another site sent the request")},
        {"408", problem_answer("The request did not arrive in time (--header-timeout, --body-timeout)")},
        {"413", problem_answer("Body too large (--max-body-bytes)")},
        {"414", problem_answer("Target too long (--max-target-bytes)")},
        {"417", problem_answer("An expectation other than 100-continue")},
        {"421", problem_answer("The Host header holds none of this server's names")},
        {"422", problem_answer("Over a limit, with the estimate and the limit")},
        {"429", problem_answer("Too many writes are running; see Retry-After")},
        {"431", problem_answer("Header too large (--max-header-bytes, --max-header-fields)")},
        {"500", problem_answer("The write failed; detail says whether anything was kept of it")},
        {"501", problem_answer("A transfer coding other than chunked")},
        {"503", problem_answer("Shutting down, cancelled, no connection, descriptor or memory left, or the loop is "
                               "behind (--shed-lag); see Retry-After")},
        {"507", problem_answer("The disk or a quota is full; detail says whether anything was kept of the write")}}},
  };
}

json get_and_head(std::string_view id, std::string_view summary, json responses) {
  json head = json::object();
  for (const auto& [status, answer] : responses.items()) head[status] = {{"description", "As GET, without the body"}};
  return {{"get", {{"operationId", id}, {"summary", summary}, {"responses", std::move(responses)}}},
          {"head", {{"summary", summary}, {"responses", std::move(head)}}}};
}

/// HEAD would have to write to know what GET answers.
json head_not_served() {
  json refused = problem_answer("Nothing is written");
  refused["headers"] = {{"Allow", {{"description", "The methods that are served"}, {"schema", {{"type", "string"}}}}}};
  return {{"summary", "Not served"}, {"responses", {{"405", std::move(refused)}}}};
}

json document(const runs::run_limits& limits) {
  const json write = write_operation(limits);
  json post = write;
  post["operationId"] = "postWrite";
  json get = write;
  get["operationId"] = "getWrite";
  const auto get_text = [](std::string_view id, std::string_view summary, std::string_view text) {
    return get_and_head(id, summary, text_answer(text));
  };
  const auto get_json = [](std::string_view id, std::string_view summary) {
    return get_and_head(
        id, summary,
        {{"200",
          {{"description", "Answered"}, {"content", {{"application/json", {{"schema", {{"type", "object"}}}}}}}}}});
  };
  return {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "loopscope data plane"},
        {"version", LOOPSCOPE_VERSION},
        {"description", "Writes small records by several strategies; some block the event loop, visibly."}}},
      {"paths",
       {{"/hello", get_text("hello", "Answers at once on a loop that is free", "hello\n")},
        {"/write", {{"get", get}, {"post", post}, {"head", head_not_served()}}},
        {"/methods", get_json("methods",
                              "Every method (name, aliases, effect on the loop, defaults), and which back end "
                              "io=auto is")},
        {"/healthz", get_text("healthz", "Answered by the I/O thread: a blocked loop fails it", "ok\n")},
        {"/openapi.json", get_json("openapi", "This document")}}},
      {"components",
       {{"schemas",
         {{"WriteReport", write_report_schema()},
          {"Problem",
           {{"type", "object"},
            {"description", "RFC 9457"},
            {"properties",
             {{"type", {{"type", "string"}}},
              {"title", {{"type", "string"}}},
              {"status", {{"type", "integer"}}},
              {"detail", {{"type", "string"}}},
              {"parameter", {{"type", "string"}}},
              {"given", {{"type", "string"}}},
              {"allowed", {{"type", "string"}}},
              {"estimate", {{"type", "integer"}}},
              {"limit", {{"type", "integer"}}},
              {"limit_name", {{"type", "string"}}}}},
            {"required", {"title", "status", "detail"}}}}}}}},
  };
}

}  // namespace

void add_openapi(http::router& to, const runs::run_limits& limits) {
  to.fixed("/openapi.json", http::response::json(json_text(document(limits), 2) + "\n"));
}

}  // namespace loopscope::routes
