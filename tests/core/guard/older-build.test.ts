import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { isoUtc } from '../../../src/core/kernel/clock.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { launchWorker } from '../../../src/core/sandbox/programs/launch-worker.ts';
import { leaveCommand } from '../../../src/core/session/commands/commands.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ciIf } from '../../support/ci.ts';
import { eventsOfType } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { OLDER_VERSION, olderPrograms } from '../../support/older-build.ts';
import { shell } from '../../support/scenario-rules.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { USERS, type User } from './users.ts';

interface Row {
  sandbox: 'off' | 'auto';
  user: User;
  /** The build under which the agent begins; the other one adopts it. */
  first: 'older' | 'present';
  ci?: true;
}

const [asTests] = USERS as [User];
const ROWS: readonly Row[] = [
  { sandbox: 'off', user: asTests, first: 'older', ci: true },
  { sandbox: 'off', user: asTests, first: 'present' },
  ...USERS.flatMap((user): Row[] => [
    { sandbox: 'auto', user, first: 'older' },
    { sandbox: 'auto', user, first: 'present' },
  ]),
];

/** The first agent says that it works, and works on until the test says so. */
const WAITS =
  'touch "$REHEARSAL_SESSION_DIR/at-work"; until [ -e "$REHEARSAL_SESSION_DIR/go-on" ]; do sleep 0.1; done';
const AWAITS = {
  rules: [{ when: { iteration: 1 }, do: [shell(WAITS), { act: 'normal' }] }],
};

/** A worker that is this user's, whoever starts it. */
function asUser({ uid }: User, program: string): string {
  const become =
    uid === undefined ? '' : `process.setgroups([]); process.setgid(${uid}); process.setuid(${uid});\n`;
  return `${become}process.argv[1] = ${JSON.stringify(program)};\nrequire(${JSON.stringify(program)});\n`;
}

async function handOver({ repo }: SessionRig, { uid }: User): Promise<void> {
  if (uid === undefined) return;
  const { exitCode } = await runCommand('chown', ['-hR', `${uid}:${uid}`, repo.root]);
  expect(exitCode).toBe(0);
}

async function launch(rig: SessionRig, { user }: Row, program: string): Promise<void> {
  const script = join(rig.repo.root, 'worker.cjs');
  await writeFile(script, asUser(user, program));
  await handOver(rig, user);
  await launchWorker(rig.paths, { program: script, env: rig.context().env });
}

const levelOf = ({ sandbox, user }: Row) =>
  sandbox === 'off' ? 'none' : user.isRoot ? 'best effort' : 'guard';

const named = ROWS.map((row) => ({ ...row, who: `${row.user.name} with SANDBOX=${row.sandbox}` }));

describe.each(named)('$who, an agent of the $first build', (row) => {
  test('is adopted by the other build, and its signal counts', ciIf(row.ci), async () => {
    await using rig = await startRig({ at: 'resting', sandbox: row.sandbox, scenario: AWAITS });
    const { by, clock } = rig.context();
    const builds = [(await olderPrograms()).worker, (await builtPrograms()).worker] as const;
    const [first, next] = row.first === 'older' ? builds : ([builds[1], builds[0]] as const);
    await leaveCommand(rig.paths, { v: 1, id: ulid(), by, at: isoUtc(clock.now()), kind: 'resume' });
    await launch(rig, row, first);
    const isAtWork = async () => (await readdir(rig.paths.sessionDir)).includes('at-work');
    await eventually(isAtWork, { what: 'the agent at work', withinMs: 120_000 });
    await rig.killWorker();
    await launch(rig, row, next);
    const last = async () => (await eventsOfType(rig, 'worker_took_over')).at(-1)?.recovery;
    await eventually(async () => (await last()) === 'adopt', { what: 'its adoption', withinMs: 120_000 });
    await writeFile(join(rig.paths.sessionDir, 'go-on'), '');
    // The older build compares what it writes itself: only this agent, which another one began, is of interest.
    const hasEnded = async () => (await eventsOfType(rig, 'iteration_ended')).length > 0;
    await eventually(hasEnded, { what: 'the end of its iteration', withinMs: 120_000 });
    const versions = (await eventsOfType(rig, 'worker_took_over')).slice(-2).map(({ version }) => version);
    expect(versions.map((version) => version === OLDER_VERSION)).toEqual(
      [first, next].map((each) => each === builds[0]),
    );
    expect((await eventsOfType(rig, 'iteration_started'))[0]).toMatchObject({ sandbox: levelOf(row) });
    const ended = await eventsOfType(rig, 'iteration_ended');
    expect(ended[0]?.ending).toBe('signalled');
  });
});
