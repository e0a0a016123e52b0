# Writes load/report's page with everything inside but the results, for which it keeps the mark.
#
#   cmake -D folder=load/report -D uplot=.../uplot/dist -D output=report_template.html -P render_report.cmake

file(READ ${folder}/template.html page)
string(REGEX MATCHALL "<!-- inline: [A-Za-z0-9_.-]+ -->" marks "${page}")
foreach(mark IN LISTS marks)
  string(REGEX REPLACE "<!-- inline: (.+) -->" "\\1" name "${mark}")
  set(path ${folder}/${name})
  if(name STREQUAL "uplot.js")
    set(path ${uplot}/uPlot.iife.min.js)
  elseif(name STREQUAL "uplot.css")
    set(path ${uplot}/uPlot.min.css)
  endif()
  file(READ ${path} text)
  if(name MATCHES "[.]css$")
    set(text "<style>\n${text}</style>")
  else()
    string(REPLACE "</script" "<\\/script" text "${text}")
    set(text "<script>\n${text}</script>")
  endif()
  string(REPLACE "${mark}" "${text}" page "${page}")
endforeach()
file(WRITE ${output} "${page}")
