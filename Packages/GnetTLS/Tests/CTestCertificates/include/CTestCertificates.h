// Certificates that tests make: of any period, kind and issuer.

#ifndef CTESTCERTIFICATES_H
#define CTESTCERTIFICATES_H

#include <stdbool.h>
#include <stddef.h>

/// The contents of a certificate.
struct ctest_request {
  const char *common_name;
  const char *alternatives;  // such as "DNS:localhost,IP:127.0.0.1"; null: none
  const char *kind;          // of the key: "P-256", "RSA", "RSA-1024" or "ED25519"
  long not_before;           // in seconds from now
  long not_after;
  bool is_authority;
};

/// A certificate and its key.
struct ctest_certificate;

/// Makes a certificate that `issuer` signs; null: it signs itself. Ends the process where that fails.
struct ctest_certificate *ctest_make_certificate(
    const struct ctest_request *request, const struct ctest_certificate *issuer);
void ctest_free_certificate(struct ctest_certificate *certificate);

/// The certificate in PEM. Returns a text that is the caller's to free.
char *ctest_certificate_text(const struct ctest_certificate *certificate);

/// The key in PEM, encrypted if there is a password. Returns a text that is the caller's to free.
char *ctest_key_text(const struct ctest_certificate *certificate, const char *password);

void ctest_free_text(char *text);

/// Has the allocations of OpenSSL be counted; before its first one. Returns whether that is so.
bool ctest_count_allocations(void);

/// The number of buffers of records that were allocated since then, and of all bytes that are in use.
long ctest_allocated_buffer_count(void);
long ctest_allocated_byte_count(void);

/// The number of errors in the error queue of this thread.
int ctest_queued_error_count(void);

/// Puts an error into the error queue of this thread.
void ctest_queue_error(void);

#endif
