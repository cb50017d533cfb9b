include("${CMAKE_CURRENT_LIST_DIR}/WzpFindByPkgConfig.cmake")
wzp_find_by_pkgconfig(Ngtcp2Gnutls libngtcp2_crypto_gnutls>=1.11)
