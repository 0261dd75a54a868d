import Disruptor

struct Message: Sendable {}
let message = Message()
func handle(_ message: Message) {}
