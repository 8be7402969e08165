import { expect, test } from 'vitest';
import { ACTION_ERRORS } from '../../../../src/core/caller/errors/action-errors.ts';
import { AUTO_ASSIGN, MANUAL_ASSIGN } from '../../../../src/core/session/folder/ownership.ts';

test.each([
  [MANUAL_ASSIGN, /once a person takes it.*samocode pool take hull/s],
  [AUTO_ASSIGN, /once a machine of the pool takes the session/],
  ['mini', /once mini has read it.*samocode pool status/s],
])('a command for a session that %s has names what it waits for', (inPool, text) => {
  const error = ACTION_ERRORS.pending({ session: 'hull', command: 'stop', seconds: 40, inPool });
  expect(error.message).toMatch(text);
  expect(error.message).not.toContain('worker.stderr');
});
