// libkqueue's header, on the search path that pkg-config gives.
#include <sys/event.h>
