/* Shared by the peers in C: the command line, a listening socket, and the line with the address. */
#ifndef PEER_H
#define PEER_H

#include <stdnoreturn.h>
#include <sys/socket.h>

/* An address of the command line: HOST:PORT with a numeric IPv4 host, or unix://PATH. */
struct peer_address {
  struct sockaddr_storage storage;
  socklen_t length;
};

/* Prints MESSAGE with the text of errno and ends the process. */
noreturn void peer_die(const char *message);

/* Reads an address; ends the process with a usage error if it is none. */
struct peer_address peer_parse(const char *text);

/* A bound socket of TYPE (SOCK_STREAM: listening, with the path of a unix address taken over). */
int peer_bind(const struct peer_address *address, int type);

/* Prints `listening on ADDRESS` with the port that was bound. */
void peer_announce(int fd);

/* The number of threads in TEXT, 1 to 64, or a usage error. */
int peer_threads(const char *text);

#endif
