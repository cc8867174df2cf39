import type { FakeKernel } from '../fake-transport.ts';
import { concatenate, splitMessages } from '../fake-transport.ts';
import { hex } from './message-fields.ts';
import type { RecordedCommand } from './read-recording.ts';

/**
 * A kernel that answers as it did in the recording: a request with the same header and attributes gets the recorded
 * replies. Throws for a request that was not recorded.
 */
export function replayKernel(recorded: RecordedCommand): FakeKernel {
  const replies = recorded.received.flatMap(splitMessages);
  const answers = new Map<string, Uint8Array>();
  for (const request of recorded.sent.flatMap(splitMessages)) {
    const own = replies.filter((reply) => conversationOf(reply) === conversationOf(request));
    answers.set(contentOf(request), concatenate(own));
  }
  return (message) => {
    const answer = answers.get(contentOf(message));
    if (answer === undefined) throw new Error(`not recorded: ${contentOf(message)}`);
    return answer;
  };
}

/** Sequence number and port: together they tell whose reply it is. */
function conversationOf(message: Uint8Array): string {
  return hex(message.subarray(8, 16));
}

function contentOf(message: Uint8Array): string {
  return hex(message.subarray(16));
}
