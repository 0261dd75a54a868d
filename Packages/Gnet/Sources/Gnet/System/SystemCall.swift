/// The names of the system calls, for planned faults and error messages.
enum SystemCall: String, Sendable {
  case socket, bind, listen, connect, accept, receive = "recv", send, receiveDatagrams = "recvmmsg"
  case sendDatagrams = "sendmmsg", setOption = "setsockopt", getName = "getsockname"
  case endOutput = "shutdown", setBlocking = "fcntl", duplicate = "dup", getOption = "getsockopt"
  case changeMode = "chmod", createThread = "pthread_create"
  case resolve = "getaddrinfo"
  /// The calls of a selector: opening it, adding a descriptor, changing a descriptor's interest, waiting, ending a wait.
  case openSelector, register, watch, wait, wake
}
