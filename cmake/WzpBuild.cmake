# How every library, test, fuzz target and benchmark of this project is declared, so that all are alike.

include(GNUInstallDirs)
include(GenerateExportHeader)
include(CMakePackageConfigHelpers)

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
  endif()
endif()

add_library(wzp_warnings INTERFACE)
target_compile_options(
  wzp_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                         -Wimplicit-fallthrough $<$<BOOL:${WZP_WERROR}>:-Werror>
                         # GCC 12 sees overlaps in std::string that are not there (GCC bug 105329).
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

# One sanitizer set for everything, given by the presets: WZP_SANITIZE=address,undefined or thread.
set(WZP_SANITIZE "" CACHE STRING "Value for -fsanitize, empty for none")
add_library(wzp_sanitizers INTERFACE)
if(WZP_SANITIZE)
  target_compile_options(wzp_sanitizers INTERFACE -fsanitize=${WZP_SANITIZE} -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all)
  target_link_options(wzp_sanitizers INTERFACE -fsanitize=${WZP_SANITIZE})
endif()
# Internal invariants (WZP_ASSERT) are checked in Debug, in sanitizer builds and while fuzzing.
if(WZP_SANITIZE OR WZP_BUILD_FUZZERS OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(wzp_sanitizers INTERFACE WZP_ENABLE_ASSERTS=1)
endif()
if(WZP_BUILD_FUZZERS)
  target_compile_options(wzp_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()

# wzp_add_library(fec HEADERS include/wzp/fec/block.hpp ... SOURCES src/block.cpp ...
#                 PUBLIC wzp::proto PRIVATE Sodium::sodium)
# Makes target wzp_fec, alias wzp::fec, generated header wzp/fec/export.hpp, install component fec.
function(wzp_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "HEADERS;SOURCES;PUBLIC;PRIVATE")
  set(target wzp_${name})
  add_library(${target} ${ARG_SOURCES})
  add_library(wzp::${name} ALIAS ${target})

  set(generated "${CMAKE_CURRENT_BINARY_DIR}/include")
  generate_export_header(${target} BASE_NAME ${target}
                         EXPORT_FILE_NAME "${generated}/wzp/${name}/export.hpp")
  set(generated_headers "${generated}/wzp/${name}/export.hpp")
  if(name STREQUAL "proto")
    configure_file("${PROJECT_SOURCE_DIR}/cmake/version.hpp.in" "${generated}/wzp/version.hpp" @ONLY)
    list(APPEND generated_headers "${generated}/wzp/version.hpp")
  endif()
  target_sources(
    ${target} PUBLIC FILE_SET HEADERS BASE_DIRS "${CMAKE_CURRENT_SOURCE_DIR}/include" "${generated}"
                     FILES ${ARG_HEADERS} ${generated_headers})

  target_compile_features(${target} PUBLIC cxx_std_20)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    string(TOUPPER ${target} upper)
    target_compile_definitions(${target} PUBLIC ${upper}_STATIC_DEFINE)
  endif()
  target_link_libraries(${target} PUBLIC ${ARG_PUBLIC}
                                  PRIVATE ${ARG_PRIVATE} $<BUILD_INTERFACE:wzp_warnings>)
  # Public because a sanitized static library needs its users linked with the sanitizer too.
  target_link_libraries(${target} PUBLIC $<BUILD_INTERFACE:wzp_sanitizers>)
  set_target_properties(
    ${target}
    PROPERTIES EXPORT_NAME ${name}
               CXX_EXTENSIONS OFF
               CXX_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON
               POSITION_INDEPENDENT_CODE ON
               VERSION ${PROJECT_VERSION}
               SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
               VERIFY_INTERFACE_HEADER_SETS ON)
  set_property(GLOBAL APPEND PROPERTY WZP_LIBRARIES ${name})

  if(WZP_INSTALL)
    install(
      TARGETS ${target}
      EXPORT wzp-${name}-targets
      COMPONENT dev
      FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    install(
      EXPORT wzp-${name}-targets
      NAMESPACE wzp::
      DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/wzp
      COMPONENT dev)
  endif()
endfunction()

# wzp_add_app(wzp-relay SOURCES main.cpp ... LIBS wzp::relay ...)
function(wzp_add_app name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;LIBS")
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} wzp_warnings wzp_sanitizers)
  if(WZP_INSTALL)
    install(TARGETS ${name} RUNTIME COMPONENT runtime)
  endif()
endfunction()

if(WZP_BUILD_TESTS)
  enable_testing()
  find_package(Catch2 3 REQUIRED)
  include(Catch)
endif()

# wzp_add_test(fec SOURCES block_test.cpp ... LIBS wzp::fec)
# One Catch2 program; ctest lists each test case as "fec: <sentence>".
# Tests find the vectors through the macro WZP_TEST_VECTORS_DIR.
function(wzp_add_test name)
  if(NOT WZP_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "TIMEOUT" "SOURCES;LIBS")
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  set(target wzp_${name}_tests)
  add_executable(${target} ${ARG_SOURCES})
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests") # for support/
  target_compile_definitions(
    ${target} PRIVATE WZP_TEST_VECTORS_DIR="${PROJECT_SOURCE_DIR}/tests/vectors")
  target_link_libraries(${target} PRIVATE ${ARG_LIBS} Catch2::Catch2WithMain wzp_warnings
                                          wzp_sanitizers)
  catch_discover_tests(${target} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST
                       PROPERTIES TIMEOUT ${ARG_TIMEOUT})
endfunction()

# wzp_add_fuzz_target(media_packet SOURCES fuzz/media_packet_fuzz.cpp LIBS wzp::proto)
# With WZP_BUILD_FUZZERS a libFuzzer program; otherwise, as a test, a program that runs the seed
# corpus fuzz/corpus/<stem>/ through the same entry point once.
function(wzp_add_fuzz_target stem)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;LIBS")
  set(target ${stem}_fuzz)
  set(corpus "${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${stem}")
  if(WZP_BUILD_FUZZERS)
    add_executable(${target} ${ARG_SOURCES})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  elseif(WZP_BUILD_TESTS)
    add_executable(${target} ${ARG_SOURCES} "${PROJECT_SOURCE_DIR}/tests/fuzz_corpus_main.cpp")
    add_test(NAME "corpus: ${stem}" COMMAND ${target} "${corpus}")
    set_tests_properties("corpus: ${stem}" PROPERTIES TIMEOUT 120)
  else()
    return()
  endif()
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_link_libraries(${target} PRIVATE ${ARG_LIBS} wzp_warnings wzp_sanitizers)
endfunction()

# wzp_add_benchmark(fec SOURCES benchmarks/fec_bench.cpp LIBS wzp::fec) makes bin/bench-fec.
function(wzp_add_benchmark name)
  if(NOT WZP_BUILD_BENCHMARKS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;LIBS")
  add_executable(bench-${name} ${ARG_SOURCES})
  set_target_properties(bench-${name} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_features(bench-${name} PRIVATE cxx_std_20)
  target_link_libraries(bench-${name} PRIVATE ${ARG_LIBS} wzp_warnings wzp_sanitizers)
endfunction()
