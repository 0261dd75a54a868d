// The buffers of records that connections keep between turns.
//
// OpenSSL allocates two buffers of a connection for the largest record, 33 KiB together. A connection with small records that
// keeps them need not allocate them again, and touches few lines of them. Large records go faster through memory that was just given
// back, because that memory is in the processor's cache.

#include "internal.h"

enum {
  /// The most connections of a loop that keep buffers: 2 MiB.
  KEPT_LIMIT = 64,
  /// The most bytes of a turn with small records.
  SMALL = 4096,
  /// The turns of a loop after which a connection that was not used gives way to another.
  PATIENCE = 100000,
};

struct ctls_keeper {
  struct ctls_stream *kept[KEPT_LIMIT];
  unsigned next;  // place to look at
  uint64_t turn;
};

struct ctls_keeper *ctls_make_keeper(void) { return OPENSSL_zalloc(sizeof(struct ctls_keeper)); }

void ctls_free_keeper(struct ctls_keeper *keeper) {
  if (keeper == NULL) return;
  for (int i = 0; i < KEPT_LIMIT; i++) {
    if (keeper->kept[i] != NULL) keeper->kept[i]->place = NULL;
  }
  OPENSSL_free(keeper);
}

void leave_keeper(struct ctls_stream *stream) {
  if (stream->place == NULL) return;
  *stream->place = NULL;
  stream->place = NULL;
}

/// Finds a place for a stream: a free place, or that of a stream that was not used for long.
static bool keep(struct ctls_keeper *keeper, struct ctls_stream *stream) {
  struct ctls_stream **place = &keeper->kept[keeper->next];
  keeper->next = (keeper->next + 1) % KEPT_LIMIT;
  if (*place != NULL) {
    if (keeper->turn - (*place)->last_turn < PATIENCE) return false;
    SSL_free_buffers((*place)->ssl);
    (*place)->place = NULL;
  }
  *place = stream;
  stream->place = place;
  return true;
}

void ctls_rest(struct ctls_stream *stream, struct ctls_keeper *keeper) {
  bool is_small = stream->moved <= SMALL;
  stream->moved = 0;
  if (keeper != NULL && is_small) {
    stream->last_turn = ++keeper->turn;
    if (stream->place != NULL || keep(keeper, stream)) return;
  }
  leave_keeper(stream);
  SSL_free_buffers(stream->ssl);
}
