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
