import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planOutline } from '../../src/demo/plan-outline.ts';

const PLAN = `# Plan: Take back
Created: 01-08 10:00
## Requirements
- [ ] it comes back
## Implementation Phases
### Phase 1: Remember
- [ ] checks
- [x] code
### Phase 2: Show
- [ ] words
## Notes
- none
`;

test('an outline is the title and the phases with their steps', () => {
  expect(planOutline(PLAN).split('\n')).toEqual([
    'Take back',
    '  Phase 1: Remember',
    '    2 steps',
    '  Phase 2: Show',
    '    1 step',
  ]);
});

test('any text has an outline', () => {
  fc.assert(fc.property(fc.string(), (text) => void planOutline(text)));
});
