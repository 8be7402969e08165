import { expect, test } from 'vitest';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState, SessionState } from '../../../../src/core/session/events/state.ts';
import { plainLog } from '../../../support/event-samples.ts';

test('the state of no events is valid', () => {
  expect(SessionState.parse(emptyState())).toEqual(emptyState());
});

test('the state of 3000 events is not larger than that of 600', () => {
  const size = (count: number) => JSON.stringify(plainLog(count).reduce(fold, emptyState())).length;
  expect(size(3000)).toBeLessThan(size(600) + 200);
});
