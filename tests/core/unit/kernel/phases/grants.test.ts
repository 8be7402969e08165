import { expect, test } from 'vitest';
import { GRANTS } from '../../../../../src/core/kernel/phases/grants.ts';
import { PHASE_NAMES } from '../../../../../src/core/kernel/phases/table.ts';

test('before a plan is approved agents may write only documents, and in every later phase code', () => {
  const documents = PHASE_NAMES.filter((phase) => GRANTS[phase] === 'documents');
  expect(documents).toEqual(['investigation', 'requirements', 'planning']);
});
