import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { previewFinish } from '../../../../src/core/acts/finish/finish-session.act.ts';
import { setServices } from '../../../../src/core/acts/sessions/services.act.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { finishSession } from '../../../support/as-shown.ts';
import { ciIf } from '../../../support/ci.ts';
import { PATIENT_CLOCK } from '../../../support/live-session.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

const FILES = { files: { 'next-env.d.ts': 'old\n', 'schema.rb': 'version 1\n' } };
const DONE = { act: 'end', did: 'Closed it', signal: { status: 'done', summary: 'Done.' } };
const sh = (script: string) => ({ act: 'run', command: ['sh', '-c', script] });
const WORKS = sh('echo x >work; git add work; git commit -qm Work');

/** Writes its files anew whenever it starts, as `next dev` does, then stays. */
const REWRITES = 'echo rewritten >next-env.d.ts; exec sleep 600';
/** Its bytes differ at each start. */
const STAMPS = 'date +%s%N >next-env.d.ts; exec sleep 600';

async function notCommitted(rig: SessionRig): Promise<string[]> {
  return (await rig.events()).flatMap((event) =>
    event.type === 'iteration_ended'
      ? (/Not committed: [^"]*?(?=\. |")/.exec(JSON.stringify(event.decision)) ?? ['nothing'])
      : [],
  );
}

async function told(rig: SessionRig): Promise<string[]> {
  return (await rig.events()).flatMap((event) =>
    event.type === 'notice' && event.code === 'found' ? event.text : [],
  );
}

async function archived(rig: SessionRig): Promise<string[]> {
  const input = { session: rig.file.folder, how: 'keep_branch', keep: [] } as const;
  const context = { ...rig.context(), clock: PATIENT_CLOCK };
  const { would } = await previewFinish(input, context);
  const worktree = (await rig.state()).worktree?.path ?? '';
  await finishSession(input, context);
  expect(existsSync(worktree)).toBe(false);
  return would.filter((line) => line.includes('worktree'));
}

/** What writes, the lines, the files and the notice. */
const WRITERS: readonly (readonly [string, Record<string, string>, string, string])[] = [
  [
    'a service rewrites a tracked file at each start',
    { SERVICE_WEB: REWRITES },
    'next-env.d.ts',
    'SERVICE_WEB changed 1 tracked file (next-env.d.ts). It does not count as work unless an agent changes it.',
  ],
  [
    'a service writes other bytes at each start',
    { SERVICE_WEB: STAMPS },
    'next-env.d.ts',
    'SERVICE_WEB changed 1 tracked file (next-env.d.ts). It does not count as work unless an agent changes it.',
  ],
  [
    'SERVICE_INIT rewrites a schema and makes a file',
    { SERVICE_DB: 'exec sleep 600', SERVICE_INIT: 'echo version 2 >schema.rb; echo x >seeds.sql' },
    'schema.rb, seeds.sql',
    'SERVICE_DB or SERVICE_INIT changed 1 tracked file (schema.rb) and made seeds.sql, which git does not ignore. It does not count as work unless an agent changes it.',
  ],
];

describe.concurrent('honest work is done and can be archived, although', () => {
  for (const [what, lines, files, notice] of WRITERS)
    test(what, ciIf(what.startsWith('SERVICE_INIT')), async () => {
      const again = { act: 'end', did: 'More', signal: { status: 'continue' } };
      await using rig = await startRig({
        phase: 'done',
        lines: { SERVICES_IN: 'done,proof', ...lines },
        repo: FILES,
        scenario: {
          rules: [
            { when: { phase: 'done', count: 1 }, do: [WORKS, again] },
            { when: { phase: 'done' }, do: [DONE] },
          ],
        },
      });
      await rig.until(({ status }) => status.kind === 'done' || status.kind === 'blocked');
      expect(await notCommitted(rig)).not.toContainEqual(expect.stringContaining('Not committed'));
      expect((await rig.state()).status.kind).toBe('done');
      expect(await told(rig)).toEqual([notice]);
      expect(await readFile(iterationPaths(rig.paths, 1).prompt, 'utf8')).toContain(notice);
      const kept = (await rig.events()).flatMap((event) =>
        event.type === 'iteration_ended' ? (event.checkpoint?.commit ?? []) : [],
      );
      const [first = ''] = files.split(', ');
      const { path = '' } = (await rig.state()).worktree ?? {};
      expect(await rig.repo.git(['show', `${kept.at(-1)}:worktree/${first}`])).toBe(
        (await readFile(join(path, first), 'utf8')).trim(),
      );
      expect(await archived(rig)).toEqual([
        expect.stringContaining(
          `also these, which programs of the project wrote and no commit has: ${files}.`,
        ),
      ]);
    });

  test('a person starts its services between two agents', async () => {
    await using rig = await startRig({
      phase: 'done',
      lines: { SERVICE_WEB: REWRITES, SERVICES_IN: 'proof' },
      repo: FILES,
      scenario: { rules: [{ when: { phase: 'done' }, do: [WORKS, DONE] }] },
    });
    await rig.until(({ status }) => status.kind === 'done');
    const question = { session: rig.paths.folder, projectDir: rig.repo.path, waits: true } as const;
    await setServices({ ...question, want: 'up' }, rig.context());
    await setServices({ ...question, want: 'down' }, rig.context());
    await endOfWorker(rig);
    expect(await archived(rig)).toEqual([expect.stringContaining('no commit has: next-env.d.ts.')]);
  });
});

describe.concurrent('work that is not committed is refused, although', () => {
  test.each<[string, { lines: Record<string, string>; does: string; ends: string[] }]>([
    [
      'a service wrote the same file before the agent changed it',
      {
        lines: { SERVICE_WEB: REWRITES },
        does: 'echo mine >next-env.d.ts',
        // The service has written its own bytes again.
        ends: ['Not committed: next-env.d.ts', 'nothing'],
      },
    ],
    [
      'SERVICE_INIT writes the file anew after the agent',
      {
        lines: { SERVICE_DB: 'exec sleep 600', SERVICE_INIT: 'date +%s%N >>schema.rb' },
        does: 'echo mine >schema.rb',
        ends: ['Not committed: schema.rb', 'Not committed: schema.rb'],
      },
    ],
    [
      'the agent has its services started again while it works',
      {
        lines: { SERVICE_WEB: 'exec sleep 600' },
        does: 'echo mine >hidden.js; asks="$REHEARSAL_SESSION_DIR/_restart_services"; : >"$asks"; while test -e "$asks"; do sleep 0.1; done',
        ends: ['Not committed: hidden.js', 'Not committed: hidden.js'],
      },
    ],
  ])('%s', async (_what, { lines, does, ends }) => {
    await using rig = await startRig({
      phase: 'done',
      lines: { SERVICES_IN: 'done,proof', ...lines },
      repo: FILES,
      scenario: {
        rules: [
          { when: { phase: 'done', count: 1 }, do: [WORKS, sh(does), DONE] },
          { when: { phase: 'done', count: 2 }, do: [DONE] },
          { when: {}, do: [{ act: 'hang' }] },
        ],
      },
    });
    // No third agent is paid for it.
    await rig.until(({ status }) => status.kind === 'done' || status.kind === 'blocked');
    expect(await notCommitted(rig)).toEqual(ends);
  });
});
