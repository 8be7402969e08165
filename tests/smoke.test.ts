import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { eventsOf, makeDemoProject, markedPids, Parent, pathsOf, stateOf } from './support/mcp-rig.ts';
import { DEMO_TASK } from './support/paper-boat.ts';

async function waitFor(parent: Parent, session: string, state: string, what?: string): Promise<void> {
  for (let cursor = '0'; ; ) {
    const result = await parent.call('wait', { session, cursor, timeout_s: 20 });
    cursor = result.cursor;
    if (result.state === state && (what === undefined || result.for === what)) return;
  }
}

test('a session goes from start_session to done, and the branch holds a tested feature', async () => {
  await using place = await makeDemoProject();
  await using parent = await Parent.connect(place);
  const head = place.git('rev-parse', 'HEAD');
  await parent.call('setup_project', { project_dir: place.repo });
  const { session } = await parent.call('start_session', { task: DEMO_TASK, provider: 'rehearsal' });
  await waitFor(parent, session, 'waiting');
  const qa = await parent.call('read_qa', { session });
  expect(qa.questions.length).toBeGreaterThan(0);
  await parent.call('answer_qa', {
    session,
    hash: qa.hash,
    answers: Object.fromEntries(qa.questions.map(({ id }: { id: string }) => [id, 'A'])),
  });
  await waitFor(parent, session, 'waiting', 'plan_approval');
  const plan = await parent.call('read_plan', { session });
  expect(JSON.stringify(plan)).toContain('## What will be checked\\n\\n- R1: docs/rehearsal/');
  await parent.call('approve_plan', { session, hash: plan.hash });
  await waitFor(parent, session, 'done');
  const paths = pathsOf(place, session);
  const state = await stateOf(paths);
  const phases = (await eventsOf(paths)).flatMap((event) =>
    event.type === 'iteration_started' ? [event.phase] : [],
  );
  expect([...new Set(phases)]).toEqual([
    'investigation',
    'requirements',
    'implementation',
    'testing',
    'quality',
  ]);
  const { requirements } = JSON.parse(await readFile(paths.requirements, 'utf8'));
  expect(requirements).toMatchObject([
    { id: 'R1', state: 'met' },
    { id: 'R2', check: 'reviewed', state: 'met' },
  ]);
  expect(execFileSync('node', ['--test'], { cwd: state.worktree?.path, encoding: 'utf8' })).toMatch(
    /^[#ℹ] fail 0$/m,
  );
  expect(place.git('rev-parse', 'HEAD')).toBe(head);
  expect(place.git('status', '--porcelain')).toBe('?? .samocode\n?? _samocode/\n');
  expect(await markedPids(paths)).toEqual([]);
});
