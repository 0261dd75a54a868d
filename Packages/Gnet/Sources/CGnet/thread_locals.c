#include "CGnet.h"

static _Thread_local void *loop;
static _Thread_local void *faults;

void *cgnet_current_loop(void) { return loop; }

void cgnet_set_current_loop(void *current) { loop = current; }

void *cgnet_thread_faults(void) { return faults; }

void cgnet_set_thread_faults(void *plan) { faults = plan; }
