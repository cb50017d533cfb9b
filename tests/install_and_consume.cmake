# cmake -DBUILD=... -DSOURCE=... -DSCRATCH=... -DCOMPONENTS=client,fec -P install_and_consume.cmake
# Installs into a fresh folder, then builds and runs a program outside the tree for each component.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${ARGN} failed:\n${out}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${SCRATCH}")
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${SCRATCH}/prefix")
string(REPLACE "," ";" components "${COMPONENTS}")
foreach(component IN LISTS components)
  set(dir "${SCRATCH}/${component}")
  run("${CMAKE_COMMAND}" -S "${SOURCE}/tests/consumer" -B "${dir}" -G Ninja
      "-DCMAKE_PREFIX_PATH=${SCRATCH}/prefix" "-DCOMPONENT=${component}" "-DCMAKE_CXX_FLAGS=${FLAGS}")
  run("${CMAKE_COMMAND}" --build "${dir}")
  run("${dir}/consumer")
  message(STATUS "${component}: ${out}")
endforeach()

# A component that does not exist is reported, not found broken.
execute_process(
  COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}/tests/consumer" -B "${SCRATCH}/none" -G Ninja
          "-DCMAKE_PREFIX_PATH=${SCRATCH}/prefix" -DCOMPONENT=telepathy
  RESULT_VARIABLE code ERROR_VARIABLE err OUTPUT_QUIET)
if(code EQUAL 0 OR NOT err MATCHES "no component \"telepathy\"")
  message(FATAL_ERROR "a missing component is not reported as such:\n${err}")
endif()
