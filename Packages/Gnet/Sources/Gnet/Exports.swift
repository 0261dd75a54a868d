// The types of other modules that Gnet's signatures name: a program that imports Gnet can spell them.
@_exported public import GnetFraming
@_exported public import struct Logging.Logger
@_exported public import RingBuffer
@_exported public import struct SystemPackage.Errno
@_exported public import struct SystemPackage.FileDescriptor
@_exported public import struct SystemPackage.FilePermissions
