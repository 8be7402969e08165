// @module-tag ci
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readyProject } from '../../../../src/core/caller/refusals/ready-project.ts';
import { isSamocodeError, type SamocodeError } from '../../../../src/core/kernel/errors.ts';
import { makeProject, type ProjectPlan, trustLines } from '../../../support/project.ts';

/** The error of a start in a project with these lines in its `.samocode`. */
async function refusal(plan: ProjectPlan, question: { lines?: string; file?: string; base?: string }) {
  const { repo, context } = await makeProject(plan);
  await using _ = repo;
  if (question.file !== undefined) await writeFile(join(repo.path, '.samocode'), question.file);
  await trustLines(repo, question.lines);
  const env = { ...context.env, CODEX_PATH: '/nowhere/codex' };
  const asked = readyProject({ base: question.base }, { ...context, env });
  return (await asked.catch((error: unknown) => error)) as SamocodeError;
}

test('a start reports all unusable settings at once', async () => {
  const file = 'SESSIONS=gone\nWORKTREES=.\nTIMEOUT=abc\n';
  const error = await refusal({}, { file });
  expect(isSamocodeError(error) && error.code).toBe('several_problems');
  const lines = error.why.split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^1\. MAIN_REPO is missing in .*\.samocode\./),
    expect.stringMatching(/^2\. SESSIONS in .*, line 1, cannot be used\. This folder does not exist: /),
    expect.stringMatching(/^3\. TIMEOUT in .*, line 3, cannot be used\..*"abc"/),
  ]);
  expect(error.next.map(({ act }) => act)).toEqual(['set_up']);
});

test('problems of the repository, the machine and the call are in one list', async () => {
  const lines = 'TIMEOUT=abc\n';
  const error = await refusal({ anonymous: true }, { lines, base: 'no-such-branch' });
  expect(error.why.split('\n')).toEqual([
    expect.stringContaining('TIMEOUT in '),
    expect.stringContaining('Git has no author identity in '),
    expect.stringContaining('"no-such-branch"'),
  ]);
});

test('untrusted lines, missing commands and missing agent CLIs are one list, whose first sentence is not repeated', async () => {
  const plan = { lines: { PROVIDER: 'codex', CHECK: 'no-such-program', CHECK_2: 'nor-this-one' } };
  const { repo, context } = await makeProject(plan);
  await using _ = repo;
  await writeFile(join(repo.path, '.samocode'), '# changed\n', { flag: 'a' });
  const env = { ...context.env, CODEX_PATH: '/nowhere/codex' };
  const error = await readyProject({}, { ...context, env }).catch((thrown: SamocodeError) => thrown);
  expect(error).toMatchObject({
    code: 'several_problems',
    what: 'No session was started.',
    next: [expect.objectContaining({ act: 'trust' })],
  });
  const why = (error as SamocodeError).why;
  expect(why).not.toContain('No session was started');
  expect(why.split('\n')).toEqual([
    expect.stringContaining('not trusted yet'),
    expect.stringContaining('no-such-program'),
    expect.stringContaining('nor-this-one'),
    expect.stringContaining('/nowhere/codex'),
  ]);
});

test('a single problem keeps its own code', async () => {
  expect(await refusal({}, { lines: 'TIMEOUT=abc\n' })).toMatchObject({ code: 'setting_invalid' });
  expect(await refusal({}, { base: 'no-such-branch' })).toMatchObject({ code: 'base_not_found' });
});

test.runIf(process.getuid?.() === 0)(
  'a fallback that refuses root is refused at a start, as doctor says',
  async () => {
    const plan = { lines: { PROVIDER: 'rehearsal', FALLBACK: 'claude', PERMISSIONS: 'skip' } };
    const { repo, context } = await makeProject(plan);
    await using _ = repo;
    const env = { ...context.env, CLAUDE_PATH: process.execPath, IS_SANDBOX: undefined };
    await expect(readyProject({}, { ...context, env })).rejects.toMatchObject({ code: 'root_refused' });
  },
);
