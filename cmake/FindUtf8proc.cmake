include("${CMAKE_CURRENT_LIST_DIR}/WzpFindByPkgConfig.cmake")
wzp_find_by_pkgconfig(Utf8proc libutf8proc)
