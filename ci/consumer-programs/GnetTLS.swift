// Serves over TLS and connects to itself. Exits with status 0 if both sides have agreed.
import Gnet
import GnetTLS

let identity = try TLSIdentity(certificateChainFile: "certificate.pem", privateKeyFile: "key.pem")
let tls = try TLSServer(identity, applicationProtocols: ["greeting"])
let client = try TLSClient(trust: .file("certificate.pem"), applicationProtocols: ["greeting"])

var serving = Events()
serving.onOpened = { connection in
  connection.write("hello over \(connection.tls?.applicationProtocol ?? "nothing")")
  return .close
}

let running = try start([Listener("tcp://127.0.0.1:0", Service(serving), filter: tls.filter)])
let server = running.server

var calling = Events()
calling.react = { _, input in
  let greeting = String(decoding: input.readAll(), as: UTF8.self)
  precondition(greeting == "hello over greeting", greeting)
  return .none
}
calling.onClosed = { _, error in
  precondition(error == nil, "\(error!)")
  return .shutdown
}

var options = ConnectOptions()
options.filter = client.filter
server.connect(to: "tcp://127.0.0.1:\(server.addresses[0].port!)", options: options, Service(calling)) { error in
  preconditionFailure("\(error)")
}
try running.wait()
precondition(tls.statistics.handshakes == 1 && client.statistics.handshakes == 1)
