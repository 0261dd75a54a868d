// Reasons of failures.

#include "internal.h"

#include <openssl/pemerr.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

bool take_failure(struct ctls_failure *failure) {
  *failure = (struct ctls_failure){.code = ERR_peek_error()};
  ERR_clear_error();
  return false;
}

bool ctls_is_alert_of_peer(unsigned long code) {
  return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET;
}

/// The kind of an alert of the peer. Source: RFC 8446, 6.2.
static enum ctls_kind kind_of_alert(int alert) {
  switch (alert) {
    case SSL_AD_PROTOCOL_VERSION: return CTLS_KIND_PROTOCOL_VERSION;
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_INSUFFICIENT_SECURITY: return CTLS_KIND_NO_SHARED_CIPHER;
    case SSL_AD_NO_APPLICATION_PROTOCOL: return CTLS_KIND_APPLICATION_PROTOCOL;
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_CERTIFICATE_REQUIRED: return CTLS_KIND_CERTIFICATE;
    default: return CTLS_KIND_OTHER;
  }
}

enum ctls_kind ctls_kind_of(struct ctls_failure failure) {
  if (failure.verification != X509_V_OK) return CTLS_KIND_CERTIFICATE;
  if (ERR_GET_LIB(failure.code) != ERR_LIB_SSL) return CTLS_KIND_OTHER;
  if (ctls_is_alert_of_peer(failure.code)) return kind_of_alert(ERR_GET_REASON(failure.code) - SSL_AD_REASON_OFFSET);
  switch (ERR_GET_REASON(failure.code)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_UNSUPPORTED_SSL_VERSION:
    case SSL_R_INAPPROPRIATE_FALLBACK: return CTLS_KIND_PROTOCOL_VERSION;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM: return CTLS_KIND_NO_SHARED_CIPHER;
    case SSL_R_NO_APPLICATION_PROTOCOL: return CTLS_KIND_APPLICATION_PROTOCOL;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_NO_CERTIFICATES_RETURNED:
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return CTLS_KIND_CERTIFICATE;
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER: return CTLS_KIND_NOT_TLS;
    default: return CTLS_KIND_OTHER;
  }
}

/// The text of a code, if OpenSSL's own would not help.
static const char *better_text(unsigned long code) {
  int library = ERR_GET_LIB(code), reason = ERR_GET_REASON(code);
  if (library == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) return "it has nothing in PEM format";
  if (library == ERR_LIB_OSSL_DECODER) return "it has no private key in PEM format";
  return NULL;
}

void ctls_describe(const struct ctls_failure *failure, char *buffer, size_t capacity) {
  const char *text = failure->own;
  if (text == NULL && failure->verification != X509_V_OK) text = X509_verify_cert_error_string(failure->verification);
  if (text == NULL) text = better_text(failure->code);
  if (text == NULL && ERR_SYSTEM_ERROR(failure->code)) {
    // strerror_r(3) differs between systems; this function of OpenSSL does not, and ends with the system's text.
    char line[256];
    ERR_error_string_n(failure->code, line, sizeof line);
    const char *last = strrchr(line, ':');
    snprintf(buffer, capacity, "%s", last == NULL ? line : last + 1);
    return;
  }
  if (text == NULL) text = ERR_reason_error_string(failure->code);
  snprintf(buffer, capacity, "%s", text == NULL ? "no reason is known" : text);
}
