import { expect, test } from 'vitest';
import { sessionLogLine } from '../../../../src/core/worker/documents/projector.ts';

test('a log entry has its time stamp and is one line', () => {
  expect(sessionLogLine('01-08 14:37', 'planning began')).toBe('[01-08 14:37] planning began\n');
  expect(sessionLogLine('01-08 14:37', 'a\r\n[01-08 14:38] forged\u2028b\n')).toBe(
    '[01-08 14:37] a [01-08 14:38] forged b\n',
  );
});
