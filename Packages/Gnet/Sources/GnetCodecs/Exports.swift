// The protocol of codecs has a module of its own, since connections use it as well.
@_exported public import GnetFraming
