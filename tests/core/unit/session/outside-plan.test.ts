import { expect, test } from 'vitest';
import { isNamed, outsidePlanFiles } from '../../../../src/core/session/proof/plan-files.ts';

test.each([
  ['src/a.ts', 'src/a.ts', true],
  ['src/', 'src/deep/a.ts', true],
  ['src', 'src/a.ts', true],
  ['docs/my file.md', 'docs/my file.md', true],
  ['src/*.ts', 'src/a.ts', true],
  ['src/*.ts', 'src/deep/a.ts', false],
  ['src/**', 'src/deep/a.ts', true],
  ['**/*.test.ts', 'a.test.ts', true],
  ['src/a', 'src/ab', false],
  ['a.b', 'axb', false],
  ['.', 'anything', true],
  ['', 'anything', false],
])('the entry "%s" and the path "%s": %s', (entry, path, expected) => {
  expect(isNamed(entry, path)).toBe(expected);
});

test('changed files that no phase names are outside the plan', () => {
  const plan =
    '# Plan: x\n\n### Phase 1: One\nFiles: src/a.ts\n- [ ] it\n\n### Phase 2: Two\nFiles:\n- `tests/`\n- [ ] it\n';
  expect(outsidePlanFiles(plan, ['src/a.ts', 'tests/a.test.ts', 'ci.yml'])).toEqual(['ci.yml']);
});

test('a plan that names no files has none outside it', () => {
  expect(outsidePlanFiles('# Plan: x\n\n### Phase 1: One\n- [ ] it\n', ['a'])).toEqual([]);
});
