import RingBuffer

var ring = RingBuffer()
let n = 0
