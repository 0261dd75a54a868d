import Poller
import SystemPackage

let poller = try Poller()
let socket = FileDescriptor(rawValue: 0)
