/// The calls to the system by name, as planned faults and error messages spell them.
enum SystemCall: String, Sendable {
  case socket, bind, listen, connect, accept, receive = "recv", send, receiveDatagrams = "recvmmsg"
  case sendDatagrams = "sendmmsg", setOption = "setsockopt", getName = "getsockname"
  case endOutput = "shutdown", setBlocking = "fcntl", changeMode = "chmod", createThread = "pthread_create"
  /// The calls of a selector: opening it, adding a descriptor, changing what one is watched for, waiting.
  case openSelector, register, watch, wait
}
