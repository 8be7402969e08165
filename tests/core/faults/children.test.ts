import { lstat, readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { endings, eventsOfType, noticesOf } from '../../support/events-of.ts';
import { always, first, shell } from '../../support/scenario-rules.ts';
import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';
import { inOneSession, WORKS } from './in-one-session.ts';
import { withSettings } from './with-settings.ts';

/** Includes the honest agents that follow: next to eight others one of them takes seconds. */
const QUICK = { timeLimitMs: 8000 };
/** A scenario that never finishes loading: the agent hangs before its first output. */
const SILENT_FIRST =
  "if (process.env.SAMOCODE_ITERATION === '1') await new Promise(() => setInterval(() => {}, 1000));\nexport default { paceMs: 0, rules: [] };\n";
const LAST_WORD = { act: 'signal-file', text: '{"status":"continue","phase":"requirements"}' };
const SESSION_DIR = '"$(ls -d ../../sessions/2*/ | head -1)';
const remove = (path: string) => ({ act: 'remove', path });
const link = (target: string, name: string) => shell(`ln -s ${target} ${SESSION_DIR}${name}"`);

const ends: FaultRow[] = [
  // Each of these waits for its whole time limit.
  inOneSession(QUICK, [
    { name: 'an agent that hangs is ended at its time limit', acts: [{ act: 'hang' }], ending: 'timeout' },
    {
      name: 'an agent that hangs and ignores every signal but SIGKILL is still ended',
      acts: [{ act: 'ignore-term' }, { act: 'hang' }],
      ending: 'timeout',
    },
  ]),
  inOneSession(
    QUICK,
    [
      { name: 'an agent that is killed is retried', acts: [{ act: 'kill-self' }], ending: 'crashed' },
      {
        name: 'an agent that fails silently is retried',
        acts: [{ act: 'exit', code: 1 }],
        ending: 'crashed',
      },
      {
        name: 'half a signal gets one correction',
        acts: [{ act: 'signal-file', text: '{"status":"conti' }],
        ending: 'no_signal',
      },
      {
        name: 'a skipped phase gets one correction',
        acts: [{ act: 'signal-file', text: '{"status":"continue","phase":"testing"}' }],
        ending: 'signalled',
      },
      { name: 'a change without a signal continues', acts: WORKS.slice(0, 1), ending: 'no_signal' },
      {
        name: 'a valid signal counts even if the agent crashes right after it',
        acts: [...WORKS, { act: 'kill-self' }],
        ending: 'signalled',
        goesOn: true,
      },
      {
        name: 'a valid signal counts even if the agent then hangs',
        acts: [...WORKS, { act: 'hang' }],
        ending: 'signalled',
        goesOn: true,
      },
      {
        name: 'a line of a hundred megabytes causes no failure',
        acts: [
          { act: 'print', text: '~'.repeat(1000), times: 100_000 },
          { act: 'print', text: '\n', times: 1 },
          ...WORKS,
        ],
        ending: 'signalled',
        goesOn: true,
      },
    ],
    { ci: true },
  ),
  withSettings(
    { timeLimitMs: 1200, maxRetries: 2 },
    {
      ci: true,
      name: 'agents that always hang block after the retries',
      rules: always({ act: 'hang' }),
      ends: 'blocked/timeouts',
    },
  ),
  withSettings(
    { timeLimitMs: 3_600_000, timeLimitsMs: { rehearsal: 1200 } },
    {
      name: 'the time limit of a provider overrides that of the session',
      rules: always({ act: 'hang' }),
      ends: 'blocked/timeouts',
    },
  ),
  withSettings(
    { maxRetries: 2 },
    {
      ci: true,
      name: 'agents that always fail block after the retries',
      rules: always({ act: 'kill-self' }),
      ends: 'blocked/retries',
    },
  ),
  withSettings(
    {},
    {
      ci: true,
      name: 'half a signal twice blocks',
      rules: always({ act: 'signal-file', text: '{"status":"conti' }),
      ends: 'blocked/signal_json',
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
      ci: true,
      name: 'no signal and no change, twice, blocks',
      rules: always({ act: 'result' }),
      ends: 'blocked/no_signal',
    },
  ),
  withSettings(
    {},
    {
      name: 'an agent that only stays in its phase is stopped',
      rules: always({ act: 'signal-file', text: '{"status":"continue"}' }),
      ends: 'blocked',
    },
  ),
];

const watchdogs: FaultRow[] = [
  inOneSession(
    { watch: { afterFinalMs: 800, logCeilingBytes: 200_000 } },
    [
      {
        name: 'an agent that stays after its final event is ended, and its signal counts',
        acts: [...WORKS, { act: 'result' }, { act: 'hang' }],
        ending: 'signalled',
        goesOn: true,
      },
      {
        name: 'output above the size limit of a log gets one correction',
        acts: [{ act: 'print', text: `${'~'.repeat(999)}\n`, times: 2000 }, { act: 'hang' }],
        ending: 'flooded',
      },
      {
        name: 'a flood on stderr counts too',
        acts: [{ act: 'print', text: `${'~'.repeat(999)}\n`, times: 2000, to: 'stderr' }, { act: 'hang' }],
        ending: 'flooded',
      },
    ],
    { ci: true },
  ),
  withSettings(
    { watch: { firstByteMs: 1000 } },
    {
      name: 'an agent that prints nothing at all is ended',
      module: SILENT_FIRST,
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    { watch: { stallMs: 1500, stallEndMs: 2500 } },
    {
      ci: true,
      name: 'an agent that stalls is reported, ended and retried',
      rules: first({ act: 'event', json: { type: 'system', subtype: 'init' } }, { act: 'hang' }),
      ends: AT_THE_GATE,
      also: async (rig) => {
        expect(await noticesOf(rig, 'stalled')).toHaveLength(1);
      },
    },
  ),
];

const trees: FaultRow[] = [
  withSettings(
    {},
    {
      name: 'processes that an agent leaves in its group are ended',
      rules: first({ act: 'leave', count: 3 }, { act: 'normal' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      ci: true,
      name: 'processes in separate process sessions that ignore signals are ended',
      rules: first({ act: 'leave', count: 3, setsid: true, ignoreTerm: true }, { act: 'normal' }),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      name: 'a daemon that would forge the next signal is ended before it can',
      rules: first(
        {
          act: 'leave',
          setsid: true,
          command: [
            'sh',
            '-c',
            `sleep 0.7; echo '{"status":"continue","phase":"planning"}' >"$REHEARSAL_SESSION_DIR/_signal.json"`,
          ],
        },
        { act: 'normal' },
      ),
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      ci: true,
      name: 'an agent whose wrapper is killed is ended before another runs',
      rules: first(shell('kill -9 $(cut -d" " -f4 /proc/$PPID/stat)'), { act: 'hang' }),
      ends: AT_THE_GATE,
    },
  ),
];

/** Each file in only one row of a session: a second repair could hide that the first one failed. */
const vandals: FaultRow[] = [
  inOneSession(
    {},
    [
      {
        name: 'a deleted overview is restored',
        acts: [...WORKS, remove('overview')],
        ending: 'signalled',
        goesOn: true,
        also: async (rig) => expect(await readFile(rig.paths.overview, 'utf8')).toContain('Session started'),
      },
      {
        name: 'a deleted log folder is created again',
        acts: [...WORKS, remove('session:_logs')],
        ending: 'signalled',
        goesOn: true,
      },
      {
        name: 'a signal that is a link is not followed',
        acts: [
          remove('signal'),
          { act: 'write', path: 'session:other.json', text: LAST_WORD.text },
          link('other.json', '_signal.json'),
        ],
        ending: 'no_signal',
      },
      {
        name: 'a signal that is a folder is ignored',
        acts: [remove('signal'), shell(`mkdir ${SESSION_DIR}_signal.json"`)],
        ending: 'no_signal',
      },
      {
        name: 'a lock left by a killed git in the worktree does not stop the next agent',
        acts: [shell('touch "$(git rev-parse --absolute-git-dir)/index.lock"'), { act: 'kill-self' }],
        ending: 'crashed',
      },
      {
        name: 'a deleted worktree is created again from its branch',
        acts: [...WORKS, remove('worktree:.')],
        ending: 'signalled',
        goesOn: true,
      },
    ],
    { ci: true },
  ),
  inOneSession({}, [
    {
      name: 'an overview replaced by a link is not followed',
      acts: [...WORKS, remove('overview'), link('/etc/hostname', '_overview.md')],
      ending: 'signalled',
      goesOn: true,
    },
    {
      name: 'a log folder replaced by a link is not followed',
      acts: [...WORKS, remove('session:_logs'), link('/tmp', '_logs')],
      ending: 'signalled',
      goesOn: true,
    },
    {
      name: 'a signal that is a pipe does not hang the worker',
      acts: [remove('signal'), shell(`mkfifo ${SESSION_DIR}_signal.json"`)],
      ending: 'no_signal',
    },
    {
      name: "a lock on the session's branch left by a killed git prevents no later commit",
      acts: [
        shell('touch "$(git rev-parse --git-path "$(git symbolic-ref HEAD)").lock"'),
        { act: 'kill-self' },
      ],
      ending: 'crashed',
      also: async (rig) => {
        const cwd = (await rig.state()).worktree?.path ?? '';
        await rig.repo.git(['commit', '-q', '--allow-empty', '-m', 'Later'], cwd);
      },
    },
  ]),
  withSettings(
    { watch: { firstByteMs: 2000 } },
    {
      name: 'an agent that deletes its own log and continues does not count as silent',
      rules: first(
        { act: 'sleep', ms: 1000 },
        { act: 'remove', path: 'session:_logs' },
        { act: 'sleep', ms: 2500 },
        { act: 'normal' },
      ),
      ends: AT_THE_GATE,
      also: async (rig) => {
        expect(await endings(rig)).not.toContain('timeout');
      },
    },
  ),
  withSettings(
    {},
    {
      name: 'a folder of commands that became a circle of links does not end the worker, and is a folder again',
      rules: first(
        shell('cd "$HOME"/.local/state/samocode/*/2*/ && rm -rf commands && ln -s commands commands'),
        { act: 'sleep', ms: 1500 },
        { act: 'normal' },
      ),
      ends: AT_THE_GATE,
      also: async (rig) => {
        expect((await lstat(rig.paths.commands)).isDirectory()).toBe(true);
        const took = await eventsOfType(rig, 'worker_took_over');
        expect(took.map(({ previous }) => previous)).not.toContain('died');
      },
    },
  ),
  withSettings(
    {},
    {
      ci: true,
      name: 'a planted setting by which our git would start a program blocks the session and is reported',
      rules: first(
        shell('git config alias.planted "!touch planted"; git config filter.planted.clean "touch planted"'),
        { act: 'normal' },
      ),
      ends: 'blocked/git_programs_changed',
      also: async (rig) => {
        const { status } = await rig.state();
        const reason = expect.stringContaining(
          ' accepted them: filter.planted.clean: nothing -> touch planted.',
        );
        expect(status).toMatchObject({ reason });
      },
    },
  ),
];

faultTable([...ends, ...watchdogs, ...trees, ...vandals]);
