import { expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { startRig } from '../../support/session-rig.ts';

test(
  'what SETUP made is not in the commits of an agent that adds all files, and does not count',
  ci,
  async () => {
    const commits = 'echo x >work; git status --short >status.txt; git add --all; git commit -qm Work';
    await using rig = await startRig({
      sandbox: 'guard',
      phase: 'done',
      lines: { SETUP: "mkdir -p '.venv/bin [x]'; echo x >'.venv/bin [x]/python'; echo y >'odd*name '" },
      repo: { files: { 'README.md': '# Boats\n' } },
      scenario: {
        rules: [
          {
            when: { phase: 'done' },
            do: [
              { act: 'run', command: ['sh', '-c', commits] },
              { act: 'end', did: 'Closed it', signal: { status: 'done', summary: 'Done.' } },
            ],
          },
        ],
      },
    });
    await rig.until(({ status }) => status.kind === 'done');
    const { branch } = rig.file.settings;
    expect(await rig.repo.git(['ls-tree', '-r', '--name-only', branch])).toBe('README.md\nstatus.txt\nwork');
    expect(await rig.repo.git(['show', `${branch}:status.txt`])).toBe('?? status.txt\n?? work');
  },
);
