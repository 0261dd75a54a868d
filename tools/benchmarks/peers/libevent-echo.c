/* libevent-echo echo ADDRESS

   Echo on libevent, as in its book: a bufferevent moves its input buffer to its output buffer. */
#include "peer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void received(struct bufferevent *connection, void *context) {
  (void)context;
  evbuffer_add_buffer(bufferevent_get_output(connection), bufferevent_get_input(connection));
}

static void happened(struct bufferevent *connection, short what, void *context) {
  (void)context;
  if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) bufferevent_free(connection);
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer, int length,
                     void *context) {
  (void)peer;
  (void)length;
  (void)context;
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* fails on a unix socket, which has no delay */
  struct bufferevent *connection =
      bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
  if (!connection) peer_die("bufferevent_socket_new");
  bufferevent_setcb(connection, received, NULL, happened, NULL);
  bufferevent_enable(connection, EV_READ | EV_WRITE);
}

static void ended(evutil_socket_t number, short what, void *base) {
  (void)number;
  (void)what;
  event_base_loopbreak(base);
}

int main(int argc, char **argv) {
  if (argc != 3 || strcmp(argv[1], "echo")) {
    fprintf(stderr, "usage: libevent-echo echo HOST:PORT|unix://PATH\n");
    return 64;
  }
  signal(SIGPIPE, SIG_IGN);
  struct peer_address address = peer_parse(argv[2]);
  struct event_base *base = event_base_new();
  if (!base) peer_die("event_base_new");
  int fd = peer_bind(&address, SOCK_STREAM);
  if (!evconnlistener_new(base, accepted, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd))
    peer_die("evconnlistener_new");
  for (int i = 0; i < 2; i++) {
    struct event *event = evsignal_new(base, i ? SIGINT : SIGTERM, ended, base);
    if (!event || event_add(event, NULL)) peer_die("evsignal_new");
  }
  peer_announce(fd);
  event_base_dispatch(base);
  return 0;
}
