// The recorded vectors of the reference system, tests/vectors/*.json.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "wzp/proto/media_header.hpp"

namespace wzp::test {

/// The part of a file under one key. By value, so that a loop may run over the result directly.
inline nlohmann::json load_vectors(const std::string& file, const std::string& key) {
  std::ifstream in(std::string(WZP_TEST_VECTORS_DIR) + "/" + file);
  if (!in) throw std::runtime_error("no vectors: " + file);
  return nlohmann::json::parse(in).at(key);
}

/// Fields as named in wire.json.
inline proto::MediaHeader header_of(const nlohmann::json& fields) {
  proto::MediaHeader h;
  h.version = fields.at("version").get<std::uint8_t>();
  h.is_repair = fields.at("is_repair").get<bool>();
  h.codec = static_cast<proto::CodecId>(fields.at("codec_id").get<int>());
  h.has_quality_report = fields.at("has_quality_report").get<bool>();
  h.fec_ratio_code = fields.at("fec_ratio_encoded").get<std::uint8_t>();
  h.seq = SeqNo16(fields.at("seq").get<std::uint16_t>());
  h.timestamp = MediaTime32(fields.at("timestamp").get<std::uint32_t>());
  h.fec_block = BlockId8(fields.at("fec_block").get<std::uint8_t>());
  h.fec_symbol = fields.at("fec_symbol").get<std::uint8_t>();
  h.reserved = fields.at("reserved").get<std::uint8_t>();
  h.csrc_count = fields.at("csrc_count").get<std::uint8_t>();
  return h;
}

}  // namespace wzp::test
