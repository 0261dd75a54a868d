// The keys of session tickets: SSL_CTX_set_tlsext_ticket_key_evp_cb(3).

#include "internal.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>

struct ticket_key {
  unsigned char name[16];
  unsigned char cipher_key[32];
  unsigned char mac_key[32];
  int64_t begin;  // of its use, in seconds of the monotonic clock
};

struct ctls_tickets {
  CRYPTO_RWLOCK *lock;
  EVP_CIPHER *cipher;
  int64_t lifetime;
  struct ticket_key current;
  struct ticket_key previous;  // no ticket has its name before the first rotation: all zero
};

int64_t ctls_ticket_lifetime(const struct ctls_tickets *tickets) { return tickets->lifetime; }

static int64_t seconds_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec;
}

static bool make_key(struct ticket_key *key) {
  key->begin = seconds_now();
  return RAND_bytes(key->name, sizeof key->name) == 1 && RAND_priv_bytes(key->cipher_key, sizeof key->cipher_key) == 1 &&
         RAND_priv_bytes(key->mac_key, sizeof key->mac_key) == 1;
}

struct ctls_tickets *ctls_make_tickets(int64_t lifetime) {
  struct ctls_tickets *tickets = OPENSSL_zalloc(sizeof *tickets);
  if (tickets == NULL) return NULL;
  tickets->lifetime = lifetime;
  tickets->lock = CRYPTO_THREAD_lock_new();
  tickets->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
  if (tickets->lock != NULL && tickets->cipher != NULL && make_key(&tickets->current)) return tickets;
  ctls_free_tickets(tickets);
  ERR_clear_error();
  return NULL;
}

void ctls_free_tickets(struct ctls_tickets *tickets) {
  if (tickets == NULL) return;
  EVP_CIPHER_free(tickets->cipher);
  CRYPTO_THREAD_lock_free(tickets->lock);
  OPENSSL_clear_free(tickets, sizeof *tickets);
}

/// Replaces the current key; under the lock.
static bool replace_key(struct ctls_tickets *tickets) {
  struct ticket_key next;
  if (!make_key(&next)) return false;
  tickets->previous = tickets->current;
  tickets->current = next;
  OPENSSL_cleanse(&next, sizeof next);
  return true;
}

bool ctls_rotate_tickets(struct ctls_tickets *tickets) {
  if (CRYPTO_THREAD_write_lock(tickets->lock) != 1) return false;
  bool is_replaced = replace_key(tickets);
  CRYPTO_THREAD_unlock(tickets->lock);
  return is_replaced;
}

/// Copies the key that encrypts now.
static bool copy_current(struct ctls_tickets *tickets, struct ticket_key *key) {
  if (CRYPTO_THREAD_write_lock(tickets->lock) != 1) return false;
  bool is_usable = seconds_now() - tickets->current.begin < tickets->lifetime || replace_key(tickets);
  *key = tickets->current;
  CRYPTO_THREAD_unlock(tickets->lock);
  return is_usable;
}

/// Copies the key with a name. Returns 0 if there is no key, 1 for the current key, and 2 for a key whose tickets are
/// to be replaced.
static int copy_named(struct ctls_tickets *tickets, const unsigned char name[16], struct ticket_key *key) {
  if (CRYPTO_THREAD_read_lock(tickets->lock) != 1) return 0;
  bool is_current = memcmp(name, tickets->current.name, sizeof key->name) == 0;
  bool is_previous = !is_current && memcmp(name, tickets->previous.name, sizeof key->name) == 0;
  *key = is_current ? tickets->current : tickets->previous;
  CRYPTO_THREAD_unlock(tickets->lock);
  int64_t age = seconds_now() - key->begin;
  if (key->begin == 0 || !(is_current || is_previous) || age >= 2 * tickets->lifetime) return 0;
  return is_current && age < tickets->lifetime ? 1 : 2;
}

static bool prepare(
    struct ctls_tickets *tickets, const struct ticket_key *key, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
    int encrypts) {
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key->mac_key, sizeof key->mac_key),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_CipherInit_ex2(cipher, tickets->cipher, key->cipher_key, iv, encrypts, NULL) == 1 &&
         EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

int use_ticket_key(
    SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypts) {
  struct ctls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
  struct ctls_tickets *tickets = context->tickets;
  struct ticket_key key;
  int result;
  if (encrypts) {
    result = copy_current(tickets, &key) && RAND_bytes(iv, EVP_CIPHER_get_iv_length(tickets->cipher)) == 1 ? 1 : -1;
    memcpy(name, key.name, sizeof key.name);
  } else {
    result = copy_named(tickets, name, &key);
    // A ticket of TLS 1.3 is used once, so its client needs another.
    if (result == 1 && SSL_version(ssl) >= TLS1_3_VERSION) result = 2;
  }
  if (result > 0 && !prepare(tickets, &key, iv, cipher, mac, encrypts)) result = -1;
  OPENSSL_cleanse(&key, sizeof key);
  return result;
}
