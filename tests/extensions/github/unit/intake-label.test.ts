import { chmod, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { openProject } from '../../../../src/core/project/finding/open-project.ts';
import { riskyLines } from '../../../../src/core/project/finding/trust.ts';
import { forgeLoginIsHidden } from '../../../../src/core/project/settings/forge-login.ts';
import { resolveSettings } from '../../../../src/core/project/settings/resolve-settings.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { makeProject } from '../../../support/project.ts';

const GUARDED = { INTAKE_LABEL: 'samocode', MAX_COST_USD: '5' };

async function opened(lines: Record<string, string>, sandbox: 'guard' | 'auto' | 'off' = 'guard') {
  const { repo } = await makeProject({ lines, sandbox });
  const filePath = `${repo.path}/.samocode`;
  const opening = openProject({ filePath, env: repo.env, homeDir: repo.homeDir });
  return { filePath, opening, [Symbol.asyncDispose]: repo[Symbol.asyncDispose].bind(repo) };
}

test('with the guard, a limit of cost and both gates a label may start sessions, once a person has trusted the line', async () => {
  await using project = await opened(GUARDED);
  const made = await project.opening;
  expect(made.readings.get('INTAKE_LABEL')?.value).toBe('samocode');
  expect(riskyLines(made)).toContainEqual({ key: 'INTAKE_LABEL', risk: 'loosens', value: 'samocode' });
  expect(await forgeLoginIsHidden({ configPath: project.filePath })).toBe(true);
});

test('without the line no login is hidden, except from agents that work on an issue', async () => {
  await using project = await opened({});
  expect((await project.opening).readings.get('INTAKE_LABEL')?.value).toBeUndefined();
  const configPath = project.filePath;
  expect(await forgeLoginIsHidden({ configPath })).toBe(false);
  expect(await forgeLoginIsHidden({ configPath, issue: {} })).toBe(true);
  expect(await forgeLoginIsHidden({ configPath, pullRequest: { watched: false, rounds: { used: 1 } } })).toBe(
    true,
  );
});

test('while the file cannot be read, logins stay hidden', async () => {
  await using project = await opened({});
  await project.opening;
  const configPath = project.filePath;
  await chmod(dirname(dirname(configPath)), 0o755);
  await chmod(configPath, 0o000);
  expect(await asOrdinaryUser(() => forgeLoginIsHidden({ configPath }))).toBe(true);
  await rm(configPath);
  expect(await asOrdinaryUser(() => forgeLoginIsHidden({ configPath }))).toBe(false);
});

test.each([
  ['SANDBOX=auto', GUARDED, 'auto', 'SANDBOX is auto.', 'Add SANDBOX=guard, or remove INTAKE_LABEL.'],
  ['SANDBOX=off', GUARDED, 'off', 'SANDBOX is off.', 'Add SANDBOX=guard, or remove INTAKE_LABEL.'],
  [
    'no MAX_COST_USD',
    { INTAKE_LABEL: 'x' },
    'guard',
    'MAX_COST_USD does not limit',
    'Add for example MAX_COST_USD=10',
  ],
  ['GATES=qa', { ...GUARDED, GATES: 'qa' }, 'guard', 'and plan would be left out.', 'Remove the line GATES'],
  [
    'GATES=none',
    { ...GUARDED, GATES: 'none' },
    'guard',
    'and qa and plan would be left out.',
    'Remove the line GATES',
  ],
] as const)('with %s it is refused, with the reason and what to do', async (_, lines, sandbox, why, hint) => {
  await using project = await opened(lines, sandbox);
  await expect(project.opening).rejects.toMatchObject({
    ...{ code: 'intake_refused', what: 'INTAKE_LABEL cannot be used.' },
    ...{ why: expect.stringContaining(why), hint: expect.stringContaining(hint) },
  });
});

const riskyIn = (lines: string) =>
  riskyLines(
    resolveSettings({
      projectFile: { path: '/p/.samocode', text: `MAIN_REPO=.\nWORKTREES=w\nSESSIONS=s\n${lines}` },
      env: {},
      homeDir: '/home/me',
    }),
  );

test('a pull request that is watched, and more rounds than by default, relax a rule', () => {
  expect(riskyIn('PR_WATCH=off\nPR_ROUNDS=3\n')).toEqual([]);
  expect(riskyIn('PR_ROUNDS=0\n')).toEqual([]);
  expect(riskyIn('PR_WATCH=on\nPR_ROUNDS=4\n')).toEqual([
    { key: 'PR_WATCH', risk: 'loosens', value: 'on' },
    { key: 'PR_ROUNDS', risk: 'loosens', value: '4' },
  ]);
  expect(riskyIn('PR_ROUNDS=20\n')).toEqual([{ key: 'PR_ROUNDS', risk: 'loosens', value: '20' }]);
});
