/// The system calls of this package by name, as the fault plans of tests and error messages spell them.
enum SystemCall: String, Sendable {
  case socket, bind, listen, accept, receive = "recv", send, receiveDatagrams = "recvmmsg"
  case sendDatagrams = "sendmmsg", setOption = "setsockopt", getName = "getsockname"
  case setBlocking = "fcntl", changeMode = "chmod", createThread = "pthread_create"
  /// Those of the poller: adding a descriptor, and changing what one is watched for.
  case register, watch
}
