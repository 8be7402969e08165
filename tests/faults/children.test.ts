import { expect } from 'vitest';
import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';
import { withSettings } from './with-settings.ts';

const first = (...acts: object[]) => [{ when: { iteration: 1 }, do: acts }];
const always = (...acts: object[]) => [{ when: {}, do: acts }];
/** Holds for the honest agents that follow, too: beside eight others one of them takes seconds. */
const QUICK = { timeLimitMs: 8000 };
const shell = (command: string) => ({ act: 'run', command: ['sh', '-c', command] });
/** A scenario that never finishes loading: the child hangs before its first word. */
const SILENT_FIRST =
  "if (process.env.SAMOCODE_ITERATION === '1') await new Promise(() => setInterval(() => {}, 1000));\nexport default { paceMs: 0, rules: [] };\n";
const LAST_WORD = { act: 'signal-file', text: '{"status":"continue","phase":"requirements"}' };

const endings: FaultRow[] = [
  withSettings(QUICK, {
    name: 'a child that hangs is ended at its time limit',
    rules: first({ act: 'hang' }),
    ends: AT_THE_GATE,
  }),
  withSettings(QUICK, {
    name: 'a child that hangs and is deaf to every polite signal is ended all the same',
    rules: first({ act: 'ignore-term' }, { act: 'hang' }),
    ends: AT_THE_GATE,
  }),
  withSettings(
    { timeLimitMs: 1200 },
    {
      name: 'three children in a row that hang block the session',
      rules: always({ act: 'hang' }),
      ends: 'blocked/timeouts',
    },
  ),
  withSettings(
    { timeLimitMs: 3_600_000, timeLimitsMs: { rehearsal: 1200 } },
    {
      name: 'the time limit of a provider counts before that of the session',
      rules: always({ act: 'hang' }),
      ends: 'blocked/timeouts',
    },
  ),
  withSettings(
    {},
    { name: 'a child that is killed is tried again', rules: first({ act: 'kill-self' }), ends: AT_THE_GATE },
  ),
  withSettings(
    {},
    {
      name: 'a child that fails with nothing said is tried again',
      rules: first({ act: 'exit', code: 1 }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    { maxRetries: 2 },
    {
      name: 'children that always fail block after the retries',
      rules: always({ act: 'kill-self' }),
      ends: 'blocked/retries',
    },
  ),
  withSettings(
    {},
    {
      name: 'half a signal gets one correction',
      rules: first({ act: 'signal-file', text: '{"status":"conti' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'half a signal twice blocks',
      rules: always({ act: 'signal-file', text: '{"status":"conti' }),
      ends: 'blocked/signal_json',
    },
  ),
  withSettings(
    {},
    {
      name: 'a jump over phases gets one correction',
      rules: first({ act: 'signal-file', text: '{"status":"continue","phase":"testing"}' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'done in the first phase twice blocks',
      rules: always({ act: 'signal-file', text: '{"status":"done"}' }),
      ends: 'blocked/signal_not_allowed',
    },
  ),
  withSettings(
    {},
    {
      name: 'no signal after a change goes on',
      rules: first({ act: 'normal', signal: false }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'no signal and no change, twice, blocks',
      rules: always({ act: 'close-without-signal' }),
      ends: 'blocked/no_signal',
    },
  ),
  withSettings(
    {},
    {
      name: 'a child that only stays in its phase is stopped',
      rules: always({ act: 'signal-file', text: '{"status":"continue"}' }),
      ends: 'blocked',
    },
  ),
  withSettings(
    {},
    {
      name: 'a valid signal counts though the child dies right after it',
      rules: first({ act: 'normal' }, { act: 'kill-self' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    { timeLimitMs: 4000 },
    {
      name: 'a valid signal counts though the child then hangs',
      rules: first({ act: 'normal', result: false }, { act: 'hang' }),
      ends: AT_THE_GATE,
    },
  ),
];

const watchdogs: FaultRow[] = [
  withSettings(
    { watch: { firstByteMs: 1000 } },
    {
      name: 'a child that prints nothing at all is ended',
      module: SILENT_FIRST,
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    { watch: { stallMs: 1500, stallEndMs: 2500 } },
    {
      name: 'a child that stalls is announced, ended and tried again',
      rules: first({ act: 'event', json: { type: 'system', subtype: 'init' } }, { act: 'hang' }),
      ends: AT_THE_GATE,
      also: async (rig) => {
        const notices = (await rig.events()).filter(
          (event) => event.type === 'notice' && event.code === 'stalled',
        );
        expect(notices).toHaveLength(1);
      },
    },
  ),
  withSettings(
    { watch: { afterFinalMs: 800 } },
    {
      name: 'a child that stays after its last word is ended, and its signal counts',
      rules: first({ act: 'normal' }, { act: 'hold-after-result' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    { watch: { logCeilingBytes: 200_000 } },
    {
      name: 'a flood above the ceiling of a log gets one correction',
      rules: first({ act: 'print', bytes: 2_000_000, shape: 'plain' }, { act: 'hang' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    { watch: { logCeilingBytes: 200_000 } },
    {
      name: 'a flood on stderr counts too',
      rules: first({ act: 'print', bytes: 2_000_000, to: 'stderr' }, { act: 'hang' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'a hundred megabytes in one line are survived',
      rules: first({ act: 'print', bytes: 100_000_000, shape: 'one-line' }, { act: 'normal' }),
      ends: AT_THE_GATE,
    },
  ),
];

const trees: FaultRow[] = [
  withSettings(
    {},
    {
      name: 'processes that a child leaves in its group are ended',
      rules: first({ act: 'fork', count: 3 }, { act: 'normal' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'deaf processes in sessions of their own are ended',
      rules: first({ act: 'fork', count: 3, setsid: true, ignoreTerm: true }, { act: 'normal' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'a daemon that would forge the next signal is ended before it can',
      rules: first(
        {
          act: 'daemon',
          thenAfterMs: 700,
          write: { path: 'signal', text: '{"status":"continue","phase":"planning"}' },
        },
        { act: 'normal' },
      ),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'a child whose wrapper is killed is ended before another runs',
      rules: first(shell('kill -9 $(cut -d" " -f4 /proc/$PPID/stat)'), { act: 'hang' }),
      ends: AT_THE_GATE,
    },
  ),
];

const vandals: FaultRow[] = [
  withSettings(
    {},
    {
      name: 'a deleted notebook is written again',
      rules: first({ act: 'normal' }, { act: 'remove', path: 'overview' }),
      ends: AT_THE_GATE,
      also: async (rig) => {
        const { readFile } = await import('node:fs/promises');
        expect(await readFile(rig.paths.overview, 'utf8')).toContain('Session started');
      },
    },
  ),
  withSettings(
    {},
    {
      name: 'a deleted log folder is made again',
      rules: first({ act: 'normal' }, { act: 'remove', path: 'session:_logs' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    { watch: { firstByteMs: 2000 } },
    {
      name: 'a child that takes its own log away and works on is not taken for silent',
      rules: first(
        { act: 'sleep', ms: 1000 },
        { act: 'remove', path: 'session:_logs' },
        { act: 'sleep', ms: 2500 },
        { act: 'normal' },
      ),
      ends: AT_THE_GATE,
      also: async (rig) => {
        const ended = (await rig.events()).filter((event) => event.type === 'iteration_ended');
        expect(ended.map(({ ending }) => ending)).not.toContain('timeout');
      },
    },
  ),
  withSettings(
    {},
    {
      name: 'a deleted worktree is made again from its branch',
      rules: first({ act: 'normal' }, { act: 'remove', path: 'worktree:.' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'a signal that is a link is not followed',
      rules: first(
        shell('d=$(pwd); true'),
        { act: 'remove', path: 'signal' },
        { act: 'write', path: 'session:other.json', text: LAST_WORD.text },
        shell('ln -s other.json "$(ls -d ../../sessions/2*/ | head -1)_signal.json"'),
      ),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'a signal that is a folder is not believed',
      rules: first(
        { act: 'remove', path: 'signal' },
        shell('mkdir "$(ls -d ../../sessions/2*/ | head -1)_signal.json"'),
      ),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'a signal that is a pipe does not hang the worker',
      rules: first(
        { act: 'remove', path: 'signal' },
        shell('mkfifo "$(ls -d ../../sessions/2*/ | head -1)_signal.json"'),
      ),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'a notebook that became a link is not followed',
      rules: first(
        { act: 'normal' },
        { act: 'remove', path: 'overview' },
        shell('ln -s /etc/hostname "$(ls -d ../../sessions/2*/ | head -1)_overview.md"'),
      ),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'a log folder that became a link is not followed',
      rules: first(
        { act: 'normal' },
        { act: 'remove', path: 'session:_logs' },
        shell('ln -s /tmp "$(ls -d ../../sessions/2*/ | head -1)_logs"'),
      ),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'a folder of commands that became a circle of links ends no worker',
      rules: first(
        shell('cd ../../sessions/.run/2*/ && rm -rf commands && ln -s commands commands'),
        { act: 'sleep', ms: 1500 },
        { act: 'normal' },
      ),
      ends: 'blocked/run_folder_changed',
      also: async (rig) => {
        const took = (await rig.events()).filter((event) => event.type === 'worker_took_over');
        expect(took.map(({ previous }) => previous)).not.toContain('died');
      },
    },
  ),
  withSettings(
    {},
    {
      name: 'a lock that a killed git left in the worktree does not stop the next child',
      rules: first(shell('touch "$(git rev-parse --absolute-git-dir)/index.lock"'), { act: 'kill-self' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: "the lock that a killed git left of the session's branch stops no later commit (core C3)",
      rules: first(shell('touch "$(git rev-parse --git-path "$(git symbolic-ref HEAD)").lock"'), {
        act: 'kill-self',
      }),
      ends: AT_THE_GATE,
      also: async (rig) => {
        const cwd = (await rig.state()).worktree?.path ?? '';
        await rig.repo.git(['commit', '-q', '--allow-empty', '-m', 'Later'], cwd);
      },
    },
  ),
  withSettings(
    {},
    {
      name: 'a planted setting that starts a program blocks the session and is told',
      rules: first(shell('git config alias.planted "!touch planted"'), { act: 'normal' }),
      ends: 'blocked/git_programs_changed',
      also: async (rig) => {
        const { status } = await rig.state();
        expect(status).toMatchObject({ reason: expect.stringContaining('alias.planted: nothing -> !touch') });
      },
    },
  ),
];

faultTable([...endings, ...watchdogs, ...trees, ...vandals]);
