import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readTrust, trustProject } from '../../src/actions/places/trust-project.ts';
import { resumeSession } from '../../src/actions/sessions/resume-session.ts';
import { startRig } from '../support/session-rig.ts';

/** Something new each time, so that the checks alone block it. */
const fixing = {
  rules: [
    {
      when: { phase: 'implementation', planPhase: 'done' },
      do: [
        { act: 'edit', path: 'fixes.md', text: 'A fix.\n', append: true },
        { act: 'commit', subject: 'Try a fix' },
        { act: 'end', did: 'Looked again', signal: { status: 'continue', phase: 'testing' } },
      ],
    },
  ],
} as const;

test('a session that a wrong check has blocked goes on once the person repaired and trusted the check', async () => {
  await using rig = await startRig({
    here: true,
    lines: { CHECK: 'test $(git rev-list --count HEAD) = 1', GATES: 'none' },
    scenario: fixing,
  });
  const blocked = await rig.until(({ status }) => status.kind === 'blocked', { withinMs: 180_000 });
  expect(blocked.status).toMatchObject({
    rule: 'checks',
    reason: expect.stringContaining('`test $(git rev-list --count HEAD) = 1`'),
  });
  const { folder, configPath } = rig.file;
  const text = await readFile(configPath, 'utf8');
  await writeFile(configPath, text.replace('CHECK=test $(git rev-list --count HEAD) = 1', 'CHECK=true'));
  const context = rig.context();
  await expect(resumeSession({ session: folder }, context)).rejects.toMatchObject({
    code: 'project_not_trusted',
  });
  const { project } = await readTrust({ projectDir: configPath }, context);
  await trustProject({ projectDir: configPath, hash: project.fileHash }, context);
  await resumeSession({ session: folder }, context);
  await rig.until(({ status }) => status.kind === 'done', { withinMs: 180_000 });
  expect((await rig.events(0)).find((event) => event.type === 'resumed')).toMatchObject({ checks: ['true'] });
}, 400_000);
