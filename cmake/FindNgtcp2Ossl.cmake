include("${CMAKE_CURRENT_LIST_DIR}/WzpFindByPkgConfig.cmake")
wzp_find_by_pkgconfig(Ngtcp2Ossl libngtcp2_crypto_ossl)
