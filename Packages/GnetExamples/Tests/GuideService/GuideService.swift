public import Gnet

/// The address that the programs of Gnet's guide to shutdowns serve: their argument.
public let address = CommandLine.arguments[1]

/// The service of these programs: answers `ok`, and ends the server for `end`.
public let service = {
  var events = Events()
  events.react = { connection, input in
    let isEnd = input.readAll().elementsEqual("end".utf8)
    connection.write("ok")
    return isEnd ? .shutdown : .none
  }
  return Service(events)
}()
