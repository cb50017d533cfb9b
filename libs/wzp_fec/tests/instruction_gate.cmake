# Counts the instructions of one block with callgrind and fails above a limit. Load-independent, unlike
# times. Arguments: -DVALGRIND= -DBENCH= -DJOB= -DBLOCKS= -DLIMIT= -DOUT=
execute_process(
  COMMAND ${VALGRIND} --tool=callgrind --callgrind-out-file=${OUT}
          --toggle-collect=*BlockJob::run* ${BENCH} --count ${JOB} ${BLOCKS}
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "callgrind failed: ${output}${errors}")
endif()
file(STRINGS "${OUT}" totals REGEX "^(totals|summary): ")
list(GET totals 0 total)
string(REGEX REPLACE "^[a-z]+: ([0-9]+).*" "\\1" instructions "${total}")
# The bench runs one block more than it is asked to.
math(EXPR blocks "${BLOCKS} + 1")
math(EXPR per_block "${instructions} / ${blocks}")
message(STATUS "${JOB}: ${per_block} instructions per block, limit ${LIMIT}. ${output}")
if(per_block GREATER LIMIT OR per_block LESS 100)
  message(FATAL_ERROR "${JOB}: ${per_block} instructions per block, limit ${LIMIT}")
endif()
