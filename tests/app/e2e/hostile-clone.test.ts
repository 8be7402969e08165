import { execFile } from 'node:child_process';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../../src/app/cli/whole-program.ts';
import { TOOLS } from '../../../src/app/server/tools.ts';
import type { Cli } from '../../../src/core/faces/terminal/cli.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { connect } from '../../support/mcp-client.ts';
import { FORMS, type HostileClone, hostileClone } from './hostile-clone/scene.ts';
import { CALLS } from './server/mistakes/parent.ts';

/** What a person types after the name of a command, in the folder of the clone; SESSION is the one that it carries. */
const TYPED: Readonly<Record<string, readonly string[]>> = {
  run: ['--task', 'Fix it', '--yes'],
  start: ['--task', 'Fix it', '--yes'],
  every: ['02:00', '--task', 'Fix it', '--max-runs', '2', '--yes'],
  'every list': [],
  'every next': ['nightly'],
  'every pause': ['nightly'],
  'every resume': ['nightly'],
  'every remove': ['nightly', '--yes'],
  stop: ['SESSION'],
  resume: ['SESSION'],
  finish: ['SESSION', '--merge', '--yes'],
  round: ['SESSION'],
  archive: ['SESSION', '--yes'],
  unarchive: ['SESSION'],
  import: ['SESSION'],
  prune: ['--yes'],
  // It makes a project of its own.
  demo: ['--help'],
  watch: ['--once'],
  web: ['--code'],
  list: [],
  status: ['SESSION'],
  log: ['SESSION'],
  services: ['SESSION', 'up'],
  show: ['SESSION'],
  diff: ['SESSION'],
  report: ['SESSION'],
  cost: [],
  why: ['README.md'],
  verify: ['SESSION', '--yes'],
  wait: ['SESSION', '--timeout', '1'],
  worktrees: ['--prune', '--yes'],
  answer: ['SESSION', 'Q1=A'],
  plan: ['SESSION'],
  approve: ['SESSION', '--yes'],
  changes: ['SESSION', 'smaller'],
  review: ['SESSION'],
  message: ['SESSION', 'hello'],
  rewind: ['SESSION', '--yes'],
  init: [],
  trust: [],
  install: ['--dry-run'],
  uninstall: ['--dry-run'],
  config: [],
  doctor: ['--checks'],
  supervisor: ['--status'],
  takeover: ['SESSION'],
  'pool join': ['--remote', 'ssh://127.0.0.1/pool.git', '--database', 'postgres://x@127.0.0.1:1/x'],
  'pool leave': [],
  'pool status': [],
  'pool prepare': ['--database', 'postgres://x@127.0.0.1:1/x'],
  'pool remove': ['x'],
  'pool prune': [],
  'notify telegram': ['--help'],
  'notify test': [],
  mute: ['SESSION'],
  completion: ['bash'],
};

const LIMIT_MS = 30_000;

/** Ends a command that serves or waits: what it was to reach, it reaches at its beginning. */
async function type(scene: HostileClone, args: readonly string[]): Promise<void> {
  const { cli } = await builtPrograms();
  const words = args.map((each) => (each === 'SESSION' ? scene.session : each));
  await new Promise<void>((resolve) => {
    const options = {
      cwd: scene.repo.path,
      env: scene.env,
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    } as const;
    execFile(process.execPath, [cli, ...words], options, () => resolve()).stdin?.end();
  });
}

function commandsOf(group: Command, above = ''): string[] {
  return group.commands.flatMap((command) => {
    const name = `${above}${command.name()}`;
    const below = commandsOf(command, `${name} `);
    return below.length > 0 && command.registeredArguments.length === 0 && name !== 'web'
      ? below
      : [name, ...below];
  });
}

test('every command of the program is typed in a hostile clone', () => {
  const program = new Command('samocode');
  for (const add of COMMANDS) add(program, {} as Cli);
  expect(Object.keys(TYPED).sort()).toEqual(commandsOf(program).sort());
});

/** What each command reached, by name; those that reached nothing are left out. */
async function reachedBy(scene: HostileClone, names: readonly string[]): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  const known = new Set<string>();
  for (const name of names) {
    await type(scene, [...name.split(' '), ...(TYPED[name] ?? [])]);
    const fresh = (await scene.reached()).filter((each) => !known.has(each));
    for (const each of fresh) known.add(each);
    if (fresh.length > 0) all[name] = fresh;
  }
  return all;
}

test.each(FORMS)('no command reaches anything outside of a clone that names %s', async (form) => {
  await using scene = await hostileClone(form);
  expect(await reachedBy(scene, Object.keys(TYPED))).toEqual({});
});

test(
  'five commands reach nothing outside of a clone that names a git folder that it carries',
  ci,
  async () => {
    await using scene = await hostileClone('a git folder that it carries');
    expect(await reachedBy(scene, ['start', 'resume', 'doctor', 'verify', 'status'])).toEqual({});
  },
);

test.each(FORMS)('no tool of the server reaches anything outside of a clone that names %s', async (form) => {
  await using scene = await hostileClone(form);
  await using server = await connect({ cwd: scene.repo.path, env: scene.env });
  for (const { name } of TOOLS) {
    await server.call(name, CALLS[name]?.(scene.session));
    expect([name, ...(await scene.reached())]).toEqual([name]);
  }
});

test.each(FORMS)('a supervisor that knows a clone that names %s starts nothing of it', async (form) => {
  await using scene = await hostileClone(form);
  await type(scene, ['status']);
  await type(scene, ['start', '--task', 'Fix it']);
  await type(scene, ['supervisor', '--status']);
  expect(await scene.reached()).toEqual([]);
});
