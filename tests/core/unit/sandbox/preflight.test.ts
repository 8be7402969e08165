import { expect, test } from 'vitest';
import { providerNamed } from '../../../../src/core/agents/registry.ts';
import { loginProblem } from '../../../../src/core/sandbox/programs/preflight.ts';

const ENDS = { stdout: '', stderr: '', notFound: false, timedOut: false };

test.each([
  ['says that it is logged in', { exitCode: 0 }, undefined],
  [
    'says that it is not',
    { exitCode: 1 },
    { isCertain: true, found: /^Claude Code reports that you are not/ },
  ],
  [
    'does not say in time',
    { exitCode: null, timedOut: true },
    { isCertain: false, found: /did not say in time whether you are logged in\.$/ },
  ],
])('a CLI that %s is reported as that', async (_, end, problem) => {
  const { title, preflight } = providerNamed('claude');
  const found = await loginProblem(
    { title, preflight: preflight ?? { install: '', loginFix: '' } },
    async () => ({ ...ENDS, ...end }),
  );
  expect(found).toEqual(
    problem && {
      found: expect.stringMatching(problem.found),
      fix: expect.any(String),
      isCertain: problem.isCertain,
    },
  );
});
