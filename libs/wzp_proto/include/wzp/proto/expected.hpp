/// \file
/// A value or an error: `Expected<T, E>`, with the member names of C++23's std::expected (which
/// GCC 12 offers only in C++23). Each library names its own: `wzp::fec::Result<T>` is
/// `wzp::Expected<T, wzp::fec::Errc>`.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

namespace wzp {

/// Wraps an error on its way into an Expected: `return Unexpected(Errc::kTruncated);`
template <class E>
class Unexpected {
 public:
  explicit constexpr Unexpected(E error) : error_(std::move(error)) {}
  [[nodiscard]] constexpr const E& error() const& noexcept { return error_; }
  [[nodiscard]] constexpr E&& error() && noexcept { return std::move(error_); }

 private:
  E error_;
};

namespace detail {
/// A U that can become the value of `Self`, an Expected<T, E>, and is neither that nor an error.
template <class U, class T, class E, class Self>
concept ValueFor =
    std::is_constructible_v<T, U&&> && !std::is_same_v<std::remove_cvref_t<U>, Self> &&
    !std::is_same_v<std::remove_cvref_t<U>, Unexpected<E>>;
}  // namespace detail

/// Holds a T or an E. Reading value() of an error, or error() of a value, throws
/// std::bad_variant_access; operator* and operator-> require has_value().
template <class T, class E>
class [[nodiscard]] Expected {
 public:
  using value_type = T;
  using error_type = E;

  /// Implicit, like that of std::expected, and constrained so that it never hides copy or move.
  template <class U = T>
  requires detail::ValueFor<U, T, E, Expected>
  // NOLINTNEXTLINE(bugprone-forwarding-reference-overload)
  constexpr Expected(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  template <class G>
  requires std::is_constructible_v<E, const G&>
  constexpr Expected(Unexpected<G> error)
      : state_(std::in_place_index<1>, std::move(error).error()) {}

  [[nodiscard]] constexpr bool has_value() const noexcept { return state_.index() == 0; }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] constexpr T& value() & { return std::get<0>(state_); }
  [[nodiscard]] constexpr const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] constexpr T&& value() && { return std::get<0>(std::move(state_)); }
  [[nodiscard]] constexpr const E& error() const { return std::get<1>(state_); }

  [[nodiscard]] constexpr T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] constexpr const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] constexpr T&& operator*() && noexcept {
    return std::move(*std::get_if<0>(&state_));
  }
  [[nodiscard]] constexpr T* operator->() noexcept { return std::get_if<0>(&state_); }
  [[nodiscard]] constexpr const T* operator->() const noexcept { return std::get_if<0>(&state_); }

  template <class U>
  [[nodiscard]] constexpr T value_or(U&& fallback) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(fallback));
  }
  template <class U>
  [[nodiscard]] constexpr T value_or(U&& fallback) && {
    return has_value() ? std::move(**this) : static_cast<T>(std::forward<U>(fallback));
  }

 private:
  std::variant<T, E> state_;
};

/// Success without a value, or an E.
template <class E>
class [[nodiscard]] Expected<void, E> {
 public:
  using value_type = void;
  using error_type = E;

  constexpr Expected() = default;
  template <class G>
  requires std::is_constructible_v<E, const G&>
  constexpr Expected(Unexpected<G> error)
      : state_(std::in_place_index<1>, std::move(error).error()) {}

  [[nodiscard]] constexpr bool has_value() const noexcept { return state_.index() == 0; }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return has_value(); }
  constexpr void value() const { static_cast<void>(std::get<0>(state_)); }
  [[nodiscard]] constexpr const E& error() const { return std::get<1>(state_); }

 private:
  std::variant<std::monostate, E> state_;
};

}  // namespace wzp
