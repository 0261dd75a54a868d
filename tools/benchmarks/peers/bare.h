/* Shared by bare.c and its protocols of requests and answers. */
#ifndef BARE_H
#define BARE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A request of which a part has been taken. */
struct request {
  size_t length; /* of its body */
  size_t rest;   /* the bytes of the body that are still to come */
  uint32_t mask; /* websocket: the mask of the next byte, and of those behind it */
  int is_open;   /* websocket: the handshake is over */
};

/* The answers so far, which leave together. */
struct answers {
  char *bytes;
  size_t count;
};

/* Answers the requests of INPUT. Returns the number of bytes that it has taken: the others are the beginning of a request.
   -1: the peer speaks another protocol. */
typedef ssize_t bare_protocol(struct request *request, const char *input, size_t count, struct answers *answers);

/* GET /plaintext, and POST of a body of known length, which is answered with its length. Checks the beginning of the request
   line, finds the empty line and Content-Length, and parses nothing else. */
bare_protocol bare_http;

/* Sends frames back without their mask, as they arrive. Answers the handshake of RFC 6455's example. */
bare_protocol bare_websocket;

#endif
