import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  inboxFileName,
  inboxMessage,
  readInboxMessage,
  sortInbox,
} from '../../../src/core/session/documents/inbox.ts';
import { sessionLogLine } from '../../../src/core/worker/documents/projector.ts';
import { type Property, property } from './property.ts';
import { anyText } from './texts.ts';

export const inboxProperties: Property[] = [
  property(
    'a message is read back as it was written',
    fc.tuple(fc.ulid(), anyText, anyText),
    ([id, channel, text]) => {
      const message = { id, stamp: '01-08-1437', channel, text };
      const read = readInboxMessage(inboxFileName(message), inboxMessage(message));
      assert.deepEqual(read, { id, text });
    },
  ),
  property('any file in the inbox is read', fc.tuple(anyText, anyText), ([name, content]) => {
    assert.equal(typeof readInboxMessage(name, content).text, 'string');
  }),
  property('messages are in the order of their ids', fc.array(fc.ulid()), (ids) => {
    const names = ids.map((id) => inboxFileName({ stamp: '01-08-1437', id }));
    assert.deepEqual(sortInbox(names), [...names].sort());
  }),
  property('a log line is one line', anyText, (text) => {
    const line = sessionLogLine('01-08 14:37', text);
    assert.equal(line.split(/\r\n?|[\n\u2028\u2029\u0085\v\f]/).length, 2);
  }),
];
