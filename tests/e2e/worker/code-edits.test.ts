import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Phase } from '../../../src/phases/table.ts';
import { iterationPaths } from '../../../src/session/layout/paths.ts';
import { startRig } from '../../support/session-rig.ts';

const end = (did: string, signal: object) => ({ act: 'end', did, signal });
const during = (phase: Phase, ...acts: object[]) => ({ when: { phase }, do: acts });

test.concurrent('code that investigation changed is named to the agents after it, and held against nobody', async () => {
  const rules = [
    during(
      'investigation',
      { act: 'edit', path: 'committed.txt', text: 'by investigation\n' },
      { act: 'commit', subject: 'Premature' },
      { act: 'edit', path: 'left open.txt', text: 'by investigation\n' },
      { act: 'write', path: 'worktree:ignored.log', text: 'noise' },
      end('Looked around', { status: 'continue', phase: 'requirements' }),
    ),
    {
      when: { phase: 'implementation', count: 1 },
      do: [end('Looked', { status: 'continue', phase: 'implementation' })],
    },
    during('implementation', { act: 'hang' }),
  ];
  await using rig = await startRig({
    here: true,
    scenario: { rules },
    repo: { files: { '.gitignore': '*.log\n', 'README.md': '#\n' } },
  });
  await rig.untilWaiting('qa_answers');
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  await rig.approve();
  await rig.until(({ progress }) => progress.phase === 'implementation' && progress.phaseIteration === 2);

  const events = await rig.events();
  const ended = events.flatMap((event) => (event.type === 'iteration_ended' ? [event] : []));
  const edits = ended.map(({ phase, codeEdits }) => ({ phase, paths: codeEdits?.paths }));
  expect(edits[0]).toEqual({ phase: 'investigation', paths: ['committed.txt', 'left open.txt'] });
  expect(edits.at(-1)).toEqual({ phase: 'implementation', paths: undefined });
  const notices = events.flatMap((event) => (event.type === 'notice' ? [event] : []));
  expect(notices.filter(({ code }) => code === 'code_edited').map(({ text }) => text)).toEqual([
    'Code changed in investigation, which only writes documents: committed.txt, left open.txt',
  ]);
  expect(await readFile(rig.paths.overview, 'utf8')).toContain('Code changed in investigation');

  const prompt = (iteration: number) => readFile(iterationPaths(rig.paths, iteration).prompt, 'utf8');
  const named = 'The agent of investigation changed `committed.txt`, `left open.txt`';
  expect(await prompt(1)).not.toContain('although it only writes documents');
  expect(await prompt(2)).toContain(named);
  expect(await prompt(2)).toContain('leave it to the agents of implementation');
  const told = await prompt(ended.length);
  expect(told).toContain(named);
  const [, source = ''] = /git restore --source=(\w+) /.exec(told) ?? [];
  expect(await rig.repo.git(['ls-tree', '--name-only', source])).toBe('.gitignore\nREADME.md');
  expect(await prompt(ended.length + 1)).not.toContain(named);
});
