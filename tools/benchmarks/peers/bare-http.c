#define _GNU_SOURCE
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct answers *answers, const char *text, size_t length) {
  memcpy(answers->bytes + answers->count, text, length);
  answers->count += length;
}

/* Takes the arrived bytes of a body, and answers at its end. */
static size_t take_body(struct request *request, size_t count, struct answers *answers) {
  if (count > request->rest) count = request->rest;
  request->rest -= count;
  if (request->rest) return count;
  char digits[24], text[96];
  int length = snprintf(digits, sizeof digits, "%zu", request->length);
  length = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", length,
                    digits);
  add(answers, text, (size_t)length);
  return count;
}

/* The Content-Length of a head that ends with an empty line. */
static size_t body_length(const char *head, size_t count) {
  static const char name[] = "\r\nContent-Length:";
  const char *found = memmem(head, count, name, sizeof name - 1);
  return found ? strtoull(found + sizeof name - 1, NULL, 10) : 0; /* the line's end ends the number */
}

ssize_t bare_http(struct request *request, const char *input, size_t count, struct answers *answers) {
  static const char yes[] =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";
  static const char no[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  size_t used = 0;
  const char *empty_line;
  if (request->rest) used = take_body(request, count, answers);
  while ((empty_line = memmem(input + used, count - used, "\r\n\r\n", 4))) {
    const char *head = input + used;
    used = (size_t)(empty_line + 4 - input);
    if (!strncmp(head, "POST ", 5)) { /* the empty line ends the comparison */
      request->length = request->rest = body_length(head, (size_t)(empty_line + 4 - head));
      used += take_body(request, count - used, answers);
    } else if (!strncmp(head, "GET /plaintext ", 15)) {
      add(answers, yes, sizeof yes - 1);
    } else {
      add(answers, no, sizeof no - 1);
    }
  }
  return (ssize_t)used;
}
