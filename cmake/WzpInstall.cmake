# The installed package: find_package(wzp COMPONENTS ...) and one .pc file per library.

get_property(libraries GLOBAL PROPERTY WZP_LIBRARIES)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/wzp")

# Static libraries pass their third-party packages on to whoever links them.
get_target_property(WZP_LIBRARY_TYPE wzp_proto TYPE)
if(TARGET Ngtcp2Gnutls::ngtcp2gnutls)
  set(WZP_TLS_PACKAGES Ngtcp2Gnutls Gnutls)
else()
  set(WZP_TLS_PACKAGES Ngtcp2Ossl)
endif()

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/wzpConfig.cmake.in" "${PROJECT_BINARY_DIR}/wzpConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/wzpConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
file(GLOB find_modules "${PROJECT_SOURCE_DIR}/cmake/Find*.cmake")
install(
  FILES "${PROJECT_BINARY_DIR}/wzpConfig.cmake" "${PROJECT_BINARY_DIR}/wzpConfigVersion.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/WzpFindByPkgConfig.cmake" ${find_modules}
  DESTINATION "${package_dir}"
  COMPONENT dev)

foreach(library IN LISTS libraries)
  get_target_property(uses wzp_${library} LINK_LIBRARIES)
  set(requires "")
  foreach(use IN LISTS uses)
    if(use MATCHES "^wzp::(.+)$")
      list(APPEND requires "wzp-${CMAKE_MATCH_1}")
    endif()
  endforeach()
  list(JOIN requires ", " requires)
  file(
    WRITE "${PROJECT_BINARY_DIR}/wzp-${library}.pc"
    "prefix=\${pcfiledir}/../..\nName: wzp-${library}\nDescription: ${PROJECT_DESCRIPTION}\n"
    "Version: ${PROJECT_VERSION}\nRequires: ${requires}\n"
    "Cflags: -I\${prefix}/include\nLibs: -L\${prefix}/lib -lwzp_${library}\n")
  install(
    FILES "${PROJECT_BINARY_DIR}/wzp-${library}.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
    COMPONENT dev)
endforeach()

install(
  FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/LICENSE-MIT"
        "${PROJECT_SOURCE_DIR}/LICENSE-APACHE" "${PROJECT_SOURCE_DIR}/README.md"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}"
  COMPONENT dev)
