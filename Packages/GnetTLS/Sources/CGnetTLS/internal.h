// The types that more than one file sees.

#ifndef INTERNAL_H
#define INTERNAL_H

#include "CGnetTLS.h"

#if !__has_include(<openssl/ssl.h>)
#error "GnetTLS needs the headers of OpenSSL 3: libssl-dev on Debian and Ubuntu, openssl-devel on Fedora"
#endif
#include <openssl/err.h>
#include <openssl/ssl.h>

struct ctls_identity {
  X509 *certificate;
  STACK_OF(X509) *issuers;
  EVP_PKEY *key;
};

/// A name of a server, and the context for it.
struct server_name {
  char *name;
  struct ctls_context *context;
};

struct ctls_context {
  SSL_CTX *ssl;
  unsigned char *protocols;
  unsigned int protocols_count;
  struct ctls_tickets *tickets;
  struct server_name *names;
  size_t name_count;
};

/// The most sessions that a stream keeps until they are taken. A server may give more at once, which are dropped.
enum { SESSION_LIMIT = 4 };

struct ctls_stream {
  SSL *ssl;
  ctls_append append;
  void *ring;  // for the length of a call
  const unsigned char *offered[2];
  size_t offered_count[2];
  size_t moved;  // the most bytes that were offered or written at once since the stream rested
  struct ctls_stream **place;  // in a keeper; null: none
  uint64_t last_turn;          // of that keeper
  struct ctls_failure failure;
  SSL_SESSION *sessions[SESSION_LIMIT];
  int session_count;
};

/// Gives up the place of a stream among the streams with buffers.
void leave_keeper(struct ctls_stream *stream);

/// Empties OpenSSL's error queue, which is empty as a rule: looking at it costs much less.
static inline void clear_errors(void) {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

/// Takes the reason of a failure out of the error queue, and leaves the queue empty. Returns false.
bool take_failure(struct ctls_failure *failure);

/// Opens a source for reading; null if that fails.
BIO *open_source(const struct ctls_source *source);

/// A callback for passwords that gives none. `refused` is a bool, set when it was called, or null.
int refuse_password(char *buffer, int capacity, int is_writing, void *refused);

/// The time that a key encrypts for, in seconds.
int64_t ctls_ticket_lifetime(const struct ctls_tickets *tickets);

/// The callback for session tickets.
int use_ticket_key(
    SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypts);

/// Keeps a session of a client until it is taken, if it can be resumed.
void keep_session(struct ctls_stream *stream, const SSL_SESSION *session);

/// The callback for the tickets that a server gives.
int take_ticket(SSL *ssl, SSL_SESSION *session);

#endif
