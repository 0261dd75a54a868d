// The types of other modules that GnetHTTP's signatures name: a program that imports GnetHTTP can spell them.
@_exported public import Gnet
@_exported public import HTTPTypes
