import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { resumeSession } from '../../../src/core/acts/sessions/resume-session.act.ts';
import { readTrust, trustProject } from '../../../src/core/caller/context/trust-project.ts';
import { ci } from '../../support/ci.ts';
import { startRig } from '../../support/session-rig.ts';

/** Something new each time, so that only the checks block it. */
const FIXING = [
  {
    when: { phase: 'implementation' },
    do: [
      { act: 'edit', path: 'fixes.md', text: 'A fix.\n', append: true },
      { act: 'commit', subject: 'Try a fix' },
      { act: 'end', did: 'Looked again', signal: { status: 'continue', phase: 'testing' } },
    ],
  },
];

test(
  'a session blocked by a wrong check continues once the person has fixed and trusted the check',
  ci,
  async () => {
    await using rig = await startRig({
      here: true,
      phase: 'implementation',
      scenario: { rules: FIXING },
      lines: { CHECK: 'test $(git rev-list --count HEAD) = 1' },
    });
    const blocked = await rig.until(({ status }) => status.kind === 'blocked');
    expect(blocked.status).toMatchObject({
      rule: 'checks',
      reason: expect.stringContaining('`test $(git rev-list --count HEAD) = 1`'),
    });
    const { folder, configPath } = rig.file;
    const text = await readFile(configPath, 'utf8');
    await writeFile(configPath, text.replace(/^CHECK=.*$/m, 'CHECK=true'));
    const context = rig.context();
    await expect(resumeSession({ session: folder }, context)).rejects.toMatchObject({
      code: 'project_not_trusted',
    });
    const { project } = await readTrust({ projectDir: configPath }, context);
    await trustProject({ projectDir: configPath, hash: project.fileHash }, context);
    await resumeSession({ session: folder }, context);
    await rig.until(({ status }) => status.kind === 'done');
    expect((await rig.events()).findLast((event) => event.type === 'resumed')).toMatchObject({
      checks: ['true'],
    });
  },
);
